CREATE TABLE "house_facts" (
	"name" text PRIMARY KEY NOT NULL,
	"value" text NOT NULL,
	"decided_at" timestamp with time zone NOT NULL
);
