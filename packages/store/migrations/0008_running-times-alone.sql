ALTER TABLE "gateway_intervals" DROP CONSTRAINT "gateway_intervals_machine_gateway_machines_id_fk";
--> statement-breakpoint
ALTER TABLE "gateway_intervals" ADD COLUMN "workspace" bigint;--> statement-breakpoint
UPDATE "gateway_intervals" SET "workspace" = "gateway_environments"."workspace" FROM "gateway_environments" WHERE "gateway_environments"."id" = "gateway_intervals"."environment";--> statement-breakpoint
ALTER TABLE "gateway_intervals" ALTER COLUMN "workspace" SET NOT NULL;--> statement-breakpoint
CREATE INDEX "gateway_intervals_by_workspace" ON "gateway_intervals" USING btree ("workspace","started_at");
