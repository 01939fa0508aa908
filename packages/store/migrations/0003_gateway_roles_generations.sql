ALTER TABLE "gateway_environments" ADD COLUMN "generation" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "gateway_environments" ADD COLUMN "role" text;