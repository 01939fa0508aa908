declare const kind: unique symbol;

/** A text that names one kind of thing, so that two ids can't trade places unnoticed. */
export type Named<K extends string> = string & { readonly [kind]: K };

/** The id Fly.io gives a resource when it asks for it; the idempotency key of provisioning. */
export type FlyExtensionId = Named<'fly-extension'>;
/** The id the provider answers with; Fly.io uses it from then on. */
export type ProviderExtensionId = Named<'provider-extension'>;
/** An organization, as the Extensions API names it. Case-sensitive. */
export type OrganizationId = Named<'organization'>;
/** A person, as the Extensions API names them. */
export type UserId = Named<'user'>;
