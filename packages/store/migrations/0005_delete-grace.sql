DROP INDEX "gateway_environments_unfinished";--> statement-breakpoint
ALTER TABLE "gateway_environments" ADD COLUMN "delete_after" timestamp with time zone;--> statement-breakpoint
CREATE INDEX "gateway_environments_by_name" ON "gateway_environments" USING btree ("name","deleted_at");--> statement-breakpoint
CREATE INDEX "gateway_environments_unfinished" ON "gateway_environments" USING btree ("lease_until") WHERE "gateway_environments"."phase" in ('provisioning', 'quarantined', 'undoing', 'deleting');