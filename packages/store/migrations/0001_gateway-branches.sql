CREATE TABLE "gateway_branches" (
	"branch" text NOT NULL,
	"environment" text NOT NULL,
	"made" boolean NOT NULL,
	"since" timestamp with time zone NOT NULL,
	CONSTRAINT "gateway_branches_branch_environment_pk" PRIMARY KEY("branch","environment")
);
--> statement-breakpoint
ALTER TABLE "gateway_environments" ADD COLUMN "key" text;--> statement-breakpoint
ALTER TABLE "gateway_environments" ADD COLUMN "class" text;--> statement-breakpoint
ALTER TABLE "gateway_environments" ADD COLUMN "labels" jsonb DEFAULT '{}'::jsonb NOT NULL;--> statement-breakpoint
ALTER TABLE "gateway_environments" ADD COLUMN "expires_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "gateway_branches" ADD CONSTRAINT "gateway_branches_environment_gateway_environments_id_fk" FOREIGN KEY ("environment") REFERENCES "public"."gateway_environments"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "gateway_environments_live_key" ON "gateway_environments" USING btree ("workspace","key") WHERE "gateway_environments"."phase" not in ('failed', 'deleted');--> statement-breakpoint
CREATE INDEX "gateway_environments_expiring" ON "gateway_environments" USING btree ("expires_at") WHERE "gateway_environments"."phase" = 'ready' and "gateway_environments"."expires_at" is not null;