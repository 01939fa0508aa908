CREATE TABLE "gateway_changes" (
	"number" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "gateway_changes_number_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"transaction" "xid8" DEFAULT pg_current_xact_id() NOT NULL,
	"kind" text NOT NULL,
	"subject" text NOT NULL,
	"at" timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);
--> statement-breakpoint
CREATE INDEX "gateway_changes_by_transaction" ON "gateway_changes" USING btree ("transaction");
--> statement-breakpoint
-- Arguments: the kind, and the column that names the subject.
CREATE FUNCTION gateway_note_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO gateway_changes (kind, subject) VALUES (TG_ARGV[0], to_jsonb(OLD) ->> TG_ARGV[1]);
	RETURN NULL;
END
$$;
--> statement-breakpoint
CREATE TRIGGER gateway_workspaces_noted AFTER DELETE OR UPDATE OF slug, closed_at ON gateway_workspaces
	FOR EACH ROW EXECUTE FUNCTION gateway_note_change('workspace', 'number');
--> statement-breakpoint
-- A lease or a step of the journal is nothing that a request is judged by; everything else moves with one of these.
CREATE TRIGGER gateway_environments_noted
	AFTER DELETE OR UPDATE OF workspace, name, phase, generation, numeric_id, key, class, labels, expires_at
	ON gateway_environments FOR EACH ROW EXECUTE FUNCTION gateway_note_change('environment', 'id');
--> statement-breakpoint
CREATE TRIGGER gateway_machines_deleted AFTER DELETE ON gateway_machines
	FOR EACH ROW EXECUTE FUNCTION gateway_note_change('machine', 'id');
--> statement-breakpoint
-- A machine is seen many times; who owns it and whether it is there is all that is remembered of it.
CREATE TRIGGER gateway_machines_noted AFTER UPDATE ON gateway_machines FOR EACH ROW
	WHEN (OLD.environment IS DISTINCT FROM NEW.environment OR OLD.destroyed_at IS DISTINCT FROM NEW.destroyed_at)
	EXECUTE FUNCTION gateway_note_change('machine', 'id');
