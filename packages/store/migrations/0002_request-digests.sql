DROP INDEX "machine_events_once";--> statement-breakpoint
-- The bytes of older events are not kept: each stands for itself.
ALTER TABLE "machine_events" ADD COLUMN "digest" text;--> statement-breakpoint
UPDATE "machine_events" SET "digest" = "key"::text;--> statement-breakpoint
ALTER TABLE "machine_events" ALTER COLUMN "digest" SET NOT NULL;--> statement-breakpoint
ALTER TABLE "machine_events" ADD COLUMN "times" integer DEFAULT 1 NOT NULL;--> statement-breakpoint
ALTER TABLE "machine_events" ALTER COLUMN "times" DROP DEFAULT;--> statement-breakpoint
-- Older nonces were used for good; no request has an empty digest.
ALTER TABLE "request_nonces" ADD COLUMN "digest" text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE "request_nonces" ALTER COLUMN "digest" DROP DEFAULT;--> statement-breakpoint
ALTER TABLE "request_nonces" ADD COLUMN "released" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "request_nonces" ALTER COLUMN "released" DROP DEFAULT;--> statement-breakpoint
CREATE UNIQUE INDEX "machine_events_once_a_body" ON "machine_events" USING btree ("digest");
