CREATE TABLE "authority_token_parts" (
	"workspace" bigint NOT NULL,
	"digest" text NOT NULL,
	"token" text NOT NULL,
	"place" integer NOT NULL,
	"revoked_at" timestamp with time zone,
	"revoked_by" text,
	CONSTRAINT "authority_token_parts_workspace_digest_pk" PRIMARY KEY("workspace","digest")
);
--> statement-breakpoint
ALTER TABLE "authority_revocations" ADD COLUMN "is_part" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "authority_tokens" ADD COLUMN "depth" integer DEFAULT 1 NOT NULL;--> statement-breakpoint
CREATE UNIQUE INDEX "authority_token_parts_of" ON "authority_token_parts" USING btree ("token","place");--> statement-breakpoint
CREATE INDEX "authority_lineage_of" ON "authority_lineage" USING btree ("token");--> statement-breakpoint
CREATE INDEX "authority_tokens_by_end" ON "authority_tokens" USING btree ("expires_at");
--> statement-breakpoint
-- Until now the lineage held every ancestor, so those that are tokens count the depth.
UPDATE "authority_tokens" SET "depth" = 1 + (
	SELECT count(*) FROM "authority_lineage" AS "above"
	JOIN "authority_tokens" AS "ancestor" ON "ancestor"."id" = "above"."ancestor"
	WHERE "above"."token" = "authority_tokens"."id"
);
