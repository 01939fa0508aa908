CREATE TABLE "authority_rates" (
	"counter" text PRIMARY KEY NOT NULL,
	"remaining" double precision NOT NULL,
	"granted" integer NOT NULL,
	"at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE INDEX "authority_rates_by_age" ON "authority_rates" USING btree ("at");