CREATE TABLE "gateway_addresses" (
	"address" text NOT NULL,
	"environment" text NOT NULL,
	"seen_at" timestamp with time zone NOT NULL,
	CONSTRAINT "gateway_addresses_environment_address_pk" PRIMARY KEY("environment","address")
);
--> statement-breakpoint
CREATE TABLE "gateway_reservations" (
	"id" text NOT NULL,
	"environment" text NOT NULL,
	"kind" text NOT NULL,
	"count" integer NOT NULL,
	"gigabytes" integer NOT NULL,
	"until" timestamp with time zone NOT NULL,
	CONSTRAINT "gateway_reservations_environment_kind_id_pk" PRIMARY KEY("environment","kind","id")
);
--> statement-breakpoint
CREATE TABLE "gateway_spend_holds" (
	"number" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "gateway_spend_holds_number_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"branch" text NOT NULL,
	"environment" text NOT NULL,
	"guest" jsonb NOT NULL,
	"at" timestamp with time zone NOT NULL,
	"until" timestamp with time zone NOT NULL
);
--> statement-breakpoint
ALTER TABLE "gateway_audit" ADD COLUMN "count" integer DEFAULT 1 NOT NULL;--> statement-breakpoint
ALTER TABLE "gateway_audit" ADD COLUMN "last_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "gateway_audit" ADD COLUMN "open_key" text;--> statement-breakpoint
ALTER TABLE "gateway_machines" ADD COLUMN "failure" jsonb;--> statement-breakpoint
ALTER TABLE "gateway_volumes" ADD COLUMN "size_gb" integer;--> statement-breakpoint
ALTER TABLE "gateway_volumes" ADD COLUMN "grows_to_gb" integer;--> statement-breakpoint
ALTER TABLE "gateway_addresses" ADD CONSTRAINT "gateway_addresses_environment_gateway_environments_id_fk" FOREIGN KEY ("environment") REFERENCES "public"."gateway_environments"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "gateway_reservations" ADD CONSTRAINT "gateway_reservations_environment_gateway_environments_id_fk" FOREIGN KEY ("environment") REFERENCES "public"."gateway_environments"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "gateway_spend_holds" ADD CONSTRAINT "gateway_spend_holds_environment_gateway_environments_id_fk" FOREIGN KEY ("environment") REFERENCES "public"."gateway_environments"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "gateway_spend_holds_by_branch" ON "gateway_spend_holds" USING btree ("branch","until");--> statement-breakpoint
CREATE INDEX "gateway_spend_holds_by_age" ON "gateway_spend_holds" USING btree ("until");--> statement-breakpoint
CREATE INDEX "gateway_audit_by_age" ON "gateway_audit" USING btree ("at");--> statement-breakpoint
CREATE UNIQUE INDEX "gateway_audit_open" ON "gateway_audit" USING btree ("open_key");