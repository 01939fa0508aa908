CREATE TABLE "authority_counters" (
	"name" text PRIMARY KEY NOT NULL,
	"value" bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE "authority_flows" (
	"user_digest" text PRIMARY KEY NOT NULL,
	"poll_digest" text NOT NULL,
	"ticket" "bytea" NOT NULL,
	"state" text NOT NULL,
	"answer" "bytea",
	"started_from" text,
	"decided_by" text,
	"created_at" timestamp with time zone NOT NULL,
	"expires_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "authority_keys" (
	"number" bigint PRIMARY KEY NOT NULL,
	"workspace" bigint NOT NULL,
	"sealed" "bytea" NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	"retired_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "authority_lineage" (
	"workspace" bigint NOT NULL,
	"ancestor" text NOT NULL,
	"token" text NOT NULL,
	CONSTRAINT "authority_lineage_workspace_ancestor_token_pk" PRIMARY KEY("workspace","ancestor","token")
);
--> statement-breakpoint
CREATE TABLE "authority_revocations" (
	"number" bigint PRIMARY KEY NOT NULL,
	"workspace" bigint NOT NULL,
	"kind" text NOT NULL,
	"value" text NOT NULL,
	"reason" text NOT NULL,
	"revoked_by" text NOT NULL,
	"revoked_at" timestamp with time zone NOT NULL,
	"needless_after" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "authority_tokens" (
	"id" text PRIMARY KEY NOT NULL,
	"workspace" bigint NOT NULL,
	"key_number" bigint NOT NULL,
	"name" text NOT NULL,
	"preset" text NOT NULL,
	"creator" text NOT NULL,
	"app" bigint,
	"caveats" text NOT NULL,
	"summary" jsonb NOT NULL,
	"ends_with" text NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	"expires_at" timestamp with time zone NOT NULL,
	"last_used_at" timestamp with time zone,
	"last_used_from" text,
	"revoked_at" timestamp with time zone,
	"revoked_by" text
);
--> statement-breakpoint
CREATE TABLE "gateway_audit" (
	"number" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "gateway_audit_number_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"at" timestamp with time zone NOT NULL,
	"workspace" bigint,
	"token_id" text,
	"branch" text,
	"action" text NOT NULL,
	"resource" text NOT NULL,
	"outcome" text NOT NULL,
	"status" integer NOT NULL,
	"request_id" text NOT NULL,
	"upstream_request_id" text
);
--> statement-breakpoint
CREATE TABLE "gateway_environments" (
	"id" text PRIMARY KEY NOT NULL,
	"workspace" bigint NOT NULL,
	"name" text NOT NULL,
	"phase" text NOT NULL,
	"numeric_id" bigint,
	"upstream_id" text,
	"network" text NOT NULL,
	"bucket" text NOT NULL,
	"key_name" text NOT NULL,
	"access_key_id" text,
	"sealed_secret_key" "bytea",
	"policy_name" text NOT NULL,
	"policy_arn" text,
	"flycast_address" text,
	"created_by_token" text NOT NULL,
	"created_by_branch" text NOT NULL,
	"journal" jsonb NOT NULL,
	"failure" text,
	"lease_owner" text,
	"lease_until" timestamp with time zone,
	"created_at" timestamp with time zone NOT NULL,
	"updated_at" timestamp with time zone NOT NULL,
	"ready_at" timestamp with time zone,
	"deleted_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "gateway_intervals" (
	"machine" text NOT NULL,
	"started_at" timestamp with time zone NOT NULL,
	"environment" text NOT NULL,
	"stopped_at" timestamp with time zone,
	"guest" jsonb NOT NULL,
	"exact" boolean NOT NULL,
	CONSTRAINT "gateway_intervals_machine_started_at_pk" PRIMARY KEY("machine","started_at")
);
--> statement-breakpoint
CREATE TABLE "gateway_machines" (
	"id" text PRIMARY KEY NOT NULL,
	"environment" text NOT NULL,
	"state" text NOT NULL,
	"region" text NOT NULL,
	"guest" jsonb NOT NULL,
	"operation" text,
	"created_at" timestamp with time zone NOT NULL,
	"observed_at" timestamp with time zone NOT NULL,
	"destroyed_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "gateway_operations" (
	"workspace" bigint NOT NULL,
	"key" text NOT NULL,
	"id" text NOT NULL,
	"request_hash" text NOT NULL,
	"state" text NOT NULL,
	"busy_until" timestamp with time zone NOT NULL,
	"status" integer,
	"sealed_response" "bytea",
	"created_at" timestamp with time zone NOT NULL,
	CONSTRAINT "gateway_operations_workspace_key_pk" PRIMARY KEY("workspace","key")
);
--> statement-breakpoint
CREATE TABLE "gateway_volumes" (
	"id" text PRIMARY KEY NOT NULL,
	"environment" text NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	"deleted_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "gateway_workspaces" (
	"number" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "gateway_workspaces_number_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 70001 CACHE 1),
	"slug" text NOT NULL,
	"extension_id" text NOT NULL,
	"organization_id" text NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	"closed_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "house_facts" (
	"name" text PRIMARY KEY NOT NULL,
	"value" text NOT NULL,
	"decided_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "deliveries" (
	"id" uuid PRIMARY KEY NOT NULL,
	"announcement_id" uuid NOT NULL,
	"extension_id" uuid NOT NULL,
	"action" text NOT NULL,
	"attempt" integer NOT NULL,
	"started_at" timestamp with time zone NOT NULL,
	"duration_ms" integer NOT NULL,
	"status" integer,
	"outcome" text NOT NULL,
	"answer" text NOT NULL,
	"replay" boolean NOT NULL
);
--> statement-breakpoint
CREATE TABLE "extensions" (
	"id" uuid PRIMARY KEY NOT NULL,
	"fly_id" text,
	"name" text NOT NULL,
	"requested_name" text NOT NULL,
	"organization_id" text NOT NULL,
	"user_id" text NOT NULL,
	"plan" text,
	"primary_region" text,
	"read_regions" text[] NOT NULL,
	"ip_address" text,
	"options" jsonb NOT NULL,
	"fly_app_name" text,
	"status" text NOT NULL,
	"status_detail" text,
	"error_message" text,
	"fingerprint" text NOT NULL,
	"sealed_config" "bytea",
	"operation" jsonb,
	"lease_holder" text,
	"lease_until" timestamp with time zone,
	"created_at" timestamp with time zone NOT NULL,
	"updated_at" timestamp with time zone NOT NULL,
	"provisioned_at" timestamp with time zone,
	"deleted_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "login_attempts" (
	"state_hash" text PRIMARY KEY NOT NULL,
	"sealed_verifier" "bytea" NOT NULL,
	"target" jsonb NOT NULL,
	"expires_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "logins" (
	"token_hash" text PRIMARY KEY NOT NULL,
	"user_id" text NOT NULL,
	"sealed_access_token" "bytea" NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	"checked_at" timestamp with time zone NOT NULL,
	"expires_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "machine_events" (
	"key" uuid PRIMARY KEY NOT NULL,
	"source" text NOT NULL,
	"event_id" text NOT NULL,
	"type" text NOT NULL,
	"machine_id" text,
	"status" text,
	"data" jsonb,
	"time" text,
	"received_at" timestamp with time zone NOT NULL,
	"state" text NOT NULL,
	"attempts" integer NOT NULL,
	"next_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "memberships" (
	"organization_id" text NOT NULL,
	"user_id" text NOT NULL,
	"role" text NOT NULL,
	"evidence_at" timestamp with time zone NOT NULL,
	"ended_at" timestamp with time zone,
	CONSTRAINT "memberships_organization_id_user_id_pk" PRIMARY KEY("organization_id","user_id")
);
--> statement-breakpoint
CREATE TABLE "organizations" (
	"id" text PRIMARY KEY NOT NULL,
	"name" text,
	"email" text,
	"created_at" timestamp with time zone NOT NULL,
	"evidence_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "outbox" (
	"id" uuid PRIMARY KEY NOT NULL,
	"sequence" bigint GENERATED ALWAYS AS IDENTITY (sequence name "outbox_sequence_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"extension_id" uuid NOT NULL,
	"action" text NOT NULL,
	"state" text NOT NULL,
	"parked_reason" text,
	"attempts" integer NOT NULL,
	"replay" boolean NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	"scheduled_from" timestamp with time zone NOT NULL,
	"next_at" timestamp with time zone NOT NULL,
	"claimed_by" text,
	"claimed_until" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "request_nonces" (
	"nonce" text PRIMARY KEY NOT NULL,
	"expires_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "users" (
	"id" text PRIMARY KEY NOT NULL,
	"email" text,
	"name" text,
	"created_at" timestamp with time zone NOT NULL,
	"evidence_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "webhook_endpoint" (
	"name" text PRIMARY KEY NOT NULL,
	"stopped_at" timestamp with time zone,
	"paused_until" timestamp with time zone,
	"reason" text
);
--> statement-breakpoint
ALTER TABLE "gateway_environments" ADD CONSTRAINT "gateway_environments_workspace_gateway_workspaces_number_fk" FOREIGN KEY ("workspace") REFERENCES "public"."gateway_workspaces"("number") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "gateway_intervals" ADD CONSTRAINT "gateway_intervals_machine_gateway_machines_id_fk" FOREIGN KEY ("machine") REFERENCES "public"."gateway_machines"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "gateway_machines" ADD CONSTRAINT "gateway_machines_environment_gateway_environments_id_fk" FOREIGN KEY ("environment") REFERENCES "public"."gateway_environments"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "gateway_volumes" ADD CONSTRAINT "gateway_volumes_environment_gateway_environments_id_fk" FOREIGN KEY ("environment") REFERENCES "public"."gateway_environments"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "deliveries" ADD CONSTRAINT "deliveries_announcement_id_outbox_id_fk" FOREIGN KEY ("announcement_id") REFERENCES "public"."outbox"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "extensions" ADD CONSTRAINT "extensions_organization_id_organizations_id_fk" FOREIGN KEY ("organization_id") REFERENCES "public"."organizations"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "extensions" ADD CONSTRAINT "extensions_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "logins" ADD CONSTRAINT "logins_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "memberships" ADD CONSTRAINT "memberships_organization_id_organizations_id_fk" FOREIGN KEY ("organization_id") REFERENCES "public"."organizations"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "memberships" ADD CONSTRAINT "memberships_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "outbox" ADD CONSTRAINT "outbox_extension_id_extensions_id_fk" FOREIGN KEY ("extension_id") REFERENCES "public"."extensions"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "authority_flows_poll" ON "authority_flows" USING btree ("poll_digest");--> statement-breakpoint
CREATE INDEX "authority_flows_expiry" ON "authority_flows" USING btree ("expires_at");--> statement-breakpoint
CREATE UNIQUE INDEX "authority_keys_current" ON "authority_keys" USING btree ("workspace") WHERE "authority_keys"."retired_at" is null;--> statement-breakpoint
CREATE UNIQUE INDEX "authority_revocations_once" ON "authority_revocations" USING btree ("workspace","kind","value");--> statement-breakpoint
CREATE INDEX "authority_tokens_by_workspace" ON "authority_tokens" USING btree ("workspace","created_at","id");--> statement-breakpoint
CREATE INDEX "authority_tokens_by_app" ON "authority_tokens" USING btree ("workspace","app");--> statement-breakpoint
CREATE INDEX "gateway_audit_by_workspace" ON "gateway_audit" USING btree ("workspace","number");--> statement-breakpoint
CREATE UNIQUE INDEX "gateway_environments_live_name" ON "gateway_environments" USING btree ("name") WHERE "gateway_environments"."phase" not in ('failed', 'deleted');--> statement-breakpoint
CREATE INDEX "gateway_environments_by_workspace" ON "gateway_environments" USING btree ("workspace","created_at","id");--> statement-breakpoint
CREATE INDEX "gateway_environments_unfinished" ON "gateway_environments" USING btree ("lease_until") WHERE "gateway_environments"."phase" in ('provisioning', 'undoing', 'deleting');--> statement-breakpoint
CREATE INDEX "gateway_intervals_by_environment" ON "gateway_intervals" USING btree ("environment","started_at");--> statement-breakpoint
CREATE INDEX "gateway_machines_by_environment" ON "gateway_machines" USING btree ("environment");--> statement-breakpoint
CREATE INDEX "gateway_operations_by_age" ON "gateway_operations" USING btree ("created_at");--> statement-breakpoint
CREATE INDEX "gateway_volumes_by_environment" ON "gateway_volumes" USING btree ("environment");--> statement-breakpoint
CREATE UNIQUE INDEX "gateway_workspaces_slug" ON "gateway_workspaces" USING btree ("slug");--> statement-breakpoint
CREATE UNIQUE INDEX "gateway_workspaces_extension" ON "gateway_workspaces" USING btree ("extension_id");--> statement-breakpoint
CREATE INDEX "deliveries_by_extension" ON "deliveries" USING btree ("extension_id","started_at");--> statement-breakpoint
CREATE INDEX "deliveries_by_announcement" ON "deliveries" USING btree ("announcement_id");--> statement-breakpoint
CREATE INDEX "deliveries_by_time" ON "deliveries" USING btree ("started_at");--> statement-breakpoint
CREATE UNIQUE INDEX "extensions_fly_id" ON "extensions" USING btree ("fly_id");--> statement-breakpoint
CREATE UNIQUE INDEX "extensions_living_name" ON "extensions" USING btree ("name") WHERE "extensions"."deleted_at" is null;--> statement-breakpoint
CREATE INDEX "extensions_by_organization" ON "extensions" USING btree ("organization_id","created_at");--> statement-breakpoint
CREATE INDEX "extensions_working" ON "extensions" USING btree ("lease_until") WHERE "extensions"."operation" is not null;--> statement-breakpoint
CREATE INDEX "extensions_usable" ON "extensions" USING btree ("provisioned_at","deleted_at");--> statement-breakpoint
CREATE INDEX "login_attempts_expiry" ON "login_attempts" USING btree ("expires_at");--> statement-breakpoint
CREATE INDEX "logins_by_user" ON "logins" USING btree ("user_id");--> statement-breakpoint
CREATE INDEX "logins_expiry" ON "logins" USING btree ("expires_at");--> statement-breakpoint
CREATE UNIQUE INDEX "machine_events_once" ON "machine_events" USING btree ("source","event_id");--> statement-breakpoint
CREATE INDEX "machine_events_waiting" ON "machine_events" USING btree ("next_at") WHERE "machine_events"."state" = 'waiting';--> statement-breakpoint
CREATE INDEX "machine_events_by_machine" ON "machine_events" USING btree ("machine_id","received_at");--> statement-breakpoint
CREATE INDEX "memberships_by_user" ON "memberships" USING btree ("user_id");--> statement-breakpoint
CREATE INDEX "outbox_pending" ON "outbox" USING btree ("extension_id","sequence") WHERE "outbox"."state" = 'pending';--> statement-breakpoint
CREATE INDEX "outbox_due" ON "outbox" USING btree ("next_at") WHERE "outbox"."state" = 'pending';--> statement-breakpoint
CREATE INDEX "request_nonces_expiry" ON "request_nonces" USING btree ("expires_at");