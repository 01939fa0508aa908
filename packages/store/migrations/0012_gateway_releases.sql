CREATE TABLE "gateway_releases" (
	"environment" text NOT NULL,
	"version" integer NOT NULL,
	"image_ref" text NOT NULL,
	"strategy" text NOT NULL,
	"status" text NOT NULL,
	"sealed_definition" "bytea" NOT NULL,
	"token_id" text NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	"updated_at" timestamp with time zone NOT NULL,
	CONSTRAINT "gateway_releases_environment_version_pk" PRIMARY KEY("environment","version")
);
--> statement-breakpoint
ALTER TABLE "gateway_releases" ADD CONSTRAINT "gateway_releases_environment_gateway_environments_id_fk" FOREIGN KEY ("environment") REFERENCES "public"."gateway_environments"("id") ON DELETE cascade ON UPDATE no action;