SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;
CREATE SCHEMA drizzle;
SET default_tablespace = '';
SET default_table_access_method = heap;
CREATE TABLE drizzle.__drizzle_migrations (
    id integer NOT NULL,
    hash text NOT NULL,
    created_at bigint
);
CREATE SEQUENCE drizzle.__drizzle_migrations_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE drizzle.__drizzle_migrations_id_seq OWNED BY drizzle.__drizzle_migrations.id;
CREATE TABLE public.authority_counters (
    name text NOT NULL,
    value bigint NOT NULL
);
CREATE TABLE public.authority_flows (
    user_digest text NOT NULL,
    poll_digest text NOT NULL,
    ticket bytea NOT NULL,
    state text NOT NULL,
    answer bytea,
    started_from text,
    decided_by text,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL
);
CREATE TABLE public.authority_keys (
    number bigint NOT NULL,
    workspace bigint NOT NULL,
    sealed bytea NOT NULL,
    created_at timestamp with time zone NOT NULL,
    retired_at timestamp with time zone
);
CREATE TABLE public.authority_lineage (
    workspace bigint NOT NULL,
    ancestor text NOT NULL,
    token text NOT NULL
);
CREATE TABLE public.authority_revocations (
    number bigint NOT NULL,
    workspace bigint NOT NULL,
    kind text NOT NULL,
    value text NOT NULL,
    reason text NOT NULL,
    revoked_by text NOT NULL,
    revoked_at timestamp with time zone NOT NULL,
    needless_after timestamp with time zone,
    is_part boolean DEFAULT false NOT NULL
);
CREATE TABLE public.authority_token_parts (
    workspace bigint NOT NULL,
    digest text NOT NULL,
    token text NOT NULL,
    place integer NOT NULL,
    revoked_at timestamp with time zone,
    revoked_by text
);
CREATE TABLE public.authority_tokens (
    id text NOT NULL,
    workspace bigint NOT NULL,
    key_number bigint NOT NULL,
    name text NOT NULL,
    preset text NOT NULL,
    creator text NOT NULL,
    app bigint,
    caveats text NOT NULL,
    summary jsonb NOT NULL,
    ends_with text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    last_used_at timestamp with time zone,
    last_used_from text,
    revoked_at timestamp with time zone,
    revoked_by text,
    depth integer DEFAULT 1 NOT NULL
);
CREATE TABLE public.deliveries (
    id uuid NOT NULL,
    announcement_id uuid NOT NULL,
    extension_id uuid NOT NULL,
    action text NOT NULL,
    attempt integer NOT NULL,
    started_at timestamp with time zone NOT NULL,
    duration_ms integer NOT NULL,
    status integer,
    outcome text NOT NULL,
    answer text NOT NULL,
    replay boolean NOT NULL
);
CREATE TABLE public.extensions (
    id uuid NOT NULL,
    fly_id text,
    name text NOT NULL,
    requested_name text NOT NULL,
    organization_id text NOT NULL,
    user_id text NOT NULL,
    plan text,
    primary_region text,
    read_regions text[] NOT NULL,
    ip_address text,
    options jsonb NOT NULL,
    fly_app_name text,
    status text NOT NULL,
    status_detail text,
    error_message text,
    fingerprint text NOT NULL,
    sealed_config bytea,
    operation jsonb,
    lease_holder text,
    lease_until timestamp with time zone,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    provisioned_at timestamp with time zone,
    deleted_at timestamp with time zone
);
CREATE TABLE public.gateway_addresses (
    address text NOT NULL,
    environment text NOT NULL,
    seen_at timestamp with time zone NOT NULL
);
CREATE TABLE public.gateway_audit (
    number bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    workspace bigint,
    token_id text,
    branch text,
    action text NOT NULL,
    resource text NOT NULL,
    outcome text NOT NULL,
    status integer NOT NULL,
    request_id text NOT NULL,
    upstream_request_id text,
    count integer DEFAULT 1 NOT NULL,
    last_at timestamp with time zone,
    open_key text
);
ALTER TABLE public.gateway_audit ALTER COLUMN number ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.gateway_audit_number_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.gateway_branches (
    branch text NOT NULL,
    environment text NOT NULL,
    made boolean NOT NULL,
    since timestamp with time zone NOT NULL
);
CREATE TABLE public.gateway_environments (
    id text NOT NULL,
    workspace bigint NOT NULL,
    name text NOT NULL,
    phase text NOT NULL,
    numeric_id bigint,
    upstream_id text,
    network text NOT NULL,
    bucket text NOT NULL,
    key_name text NOT NULL,
    access_key_id text,
    sealed_secret_key bytea,
    policy_name text NOT NULL,
    policy_arn text,
    flycast_address text,
    created_by_token text NOT NULL,
    created_by_branch text NOT NULL,
    journal jsonb NOT NULL,
    failure text,
    lease_owner text,
    lease_until timestamp with time zone,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    ready_at timestamp with time zone,
    deleted_at timestamp with time zone,
    key text,
    class text,
    labels jsonb DEFAULT '{}'::jsonb NOT NULL,
    expires_at timestamp with time zone,
    generation integer DEFAULT 0 NOT NULL,
    role text,
    delete_after timestamp with time zone
);
CREATE TABLE public.gateway_intervals (
    machine text NOT NULL,
    started_at timestamp with time zone NOT NULL,
    environment text NOT NULL,
    stopped_at timestamp with time zone,
    guest jsonb NOT NULL,
    exact boolean NOT NULL,
    workspace bigint NOT NULL
);
CREATE TABLE public.gateway_machines (
    id text NOT NULL,
    environment text NOT NULL,
    state text NOT NULL,
    region text NOT NULL,
    guest jsonb NOT NULL,
    operation text,
    created_at timestamp with time zone NOT NULL,
    observed_at timestamp with time zone NOT NULL,
    destroyed_at timestamp with time zone,
    failure jsonb
);
CREATE TABLE public.gateway_operations (
    workspace bigint NOT NULL,
    key text NOT NULL,
    id text NOT NULL,
    request_hash text NOT NULL,
    state text NOT NULL,
    busy_until timestamp with time zone NOT NULL,
    status integer,
    sealed_response bytea,
    created_at timestamp with time zone NOT NULL
);
CREATE TABLE public.gateway_reservations (
    id text NOT NULL,
    environment text NOT NULL,
    kind text NOT NULL,
    count integer NOT NULL,
    gigabytes integer NOT NULL,
    until timestamp with time zone NOT NULL
);
CREATE TABLE public.gateway_spend_holds (
    number bigint NOT NULL,
    branch text NOT NULL,
    environment text NOT NULL,
    guest jsonb NOT NULL,
    at timestamp with time zone NOT NULL,
    until timestamp with time zone NOT NULL
);
ALTER TABLE public.gateway_spend_holds ALTER COLUMN number ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.gateway_spend_holds_number_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.gateway_volumes (
    id text NOT NULL,
    environment text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    deleted_at timestamp with time zone,
    size_gb integer,
    grows_to_gb integer
);
CREATE TABLE public.gateway_workspaces (
    number bigint NOT NULL,
    slug text NOT NULL,
    extension_id text NOT NULL,
    organization_id text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    closed_at timestamp with time zone
);
ALTER TABLE public.gateway_workspaces ALTER COLUMN number ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.gateway_workspaces_number_seq
    START WITH 70001
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.house_facts (
    name text NOT NULL,
    value text NOT NULL,
    decided_at timestamp with time zone NOT NULL
);
CREATE TABLE public.login_attempts (
    state_hash text NOT NULL,
    sealed_verifier bytea NOT NULL,
    target jsonb NOT NULL,
    expires_at timestamp with time zone NOT NULL
);
CREATE TABLE public.logins (
    token_hash text NOT NULL,
    user_id text NOT NULL,
    sealed_access_token bytea NOT NULL,
    created_at timestamp with time zone NOT NULL,
    checked_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL
);
CREATE TABLE public.machine_events (
    key uuid NOT NULL,
    source text NOT NULL,
    event_id text NOT NULL,
    type text NOT NULL,
    machine_id text,
    status text,
    data jsonb,
    "time" text,
    received_at timestamp with time zone NOT NULL,
    state text NOT NULL,
    attempts integer NOT NULL,
    next_at timestamp with time zone NOT NULL,
    digest text NOT NULL,
    times integer NOT NULL
);
CREATE TABLE public.memberships (
    organization_id text NOT NULL,
    user_id text NOT NULL,
    role text NOT NULL,
    evidence_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone
);
CREATE TABLE public.organizations (
    id text NOT NULL,
    name text,
    email text,
    created_at timestamp with time zone NOT NULL,
    evidence_at timestamp with time zone NOT NULL
);
CREATE TABLE public.outbox (
    id uuid NOT NULL,
    sequence bigint NOT NULL,
    extension_id uuid NOT NULL,
    action text NOT NULL,
    state text NOT NULL,
    parked_reason text,
    attempts integer NOT NULL,
    replay boolean NOT NULL,
    created_at timestamp with time zone NOT NULL,
    scheduled_from timestamp with time zone NOT NULL,
    next_at timestamp with time zone NOT NULL,
    claimed_by text,
    claimed_until timestamp with time zone
);
ALTER TABLE public.outbox ALTER COLUMN sequence ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.outbox_sequence_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.request_nonces (
    nonce text NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    digest text NOT NULL,
    released boolean NOT NULL
);
CREATE TABLE public.users (
    id text NOT NULL,
    email text,
    name text,
    created_at timestamp with time zone NOT NULL,
    evidence_at timestamp with time zone NOT NULL
);
CREATE TABLE public.webhook_endpoint (
    name text NOT NULL,
    stopped_at timestamp with time zone,
    paused_until timestamp with time zone,
    reason text
);
ALTER TABLE ONLY drizzle.__drizzle_migrations ALTER COLUMN id SET DEFAULT nextval('drizzle.__drizzle_migrations_id_seq'::regclass);
INSERT INTO drizzle.__drizzle_migrations VALUES (1, '2dcea32757ffa723be48c40565a69c53b4a86b2fe24737d2a6398965816fd421', 1795197189121);
INSERT INTO drizzle.__drizzle_migrations VALUES (2, 'd248151a809b57df1d6fc274d2dc5d9145c545010c772721c98a8ebf6d5c7920', 1795204726821);
INSERT INTO drizzle.__drizzle_migrations VALUES (3, '6b75d23f08df8599338de9c21a08774fded23bee0a4b3bd3eeb3166dffa546a5', 1795805073524);
INSERT INTO drizzle.__drizzle_migrations VALUES (4, '05cbd2854e56d2327b1df9f2012fa48fc3a884681ecc6c8c875327da4213d317', 1795806254341);
INSERT INTO drizzle.__drizzle_migrations VALUES (5, '6f797f1d603c0043ffc8e929f348148f7f85d6ea120446af181e966219c910d3', 1795806334435);
INSERT INTO drizzle.__drizzle_migrations VALUES (6, '1ea62276fe2d61b36ed82579be8985e2e08af1b4f098e057e687dd3a22d0fed2', 1795806722337);
INSERT INTO drizzle.__drizzle_migrations VALUES (7, '8e24436e4c412b6f21f46a64c939380a621524ae3bcd9a1f7deed372d94c097a', 1795807313128);
INSERT INTO drizzle.__drizzle_migrations VALUES (8, '7c70d63a338dc3f265223c2523d86c4bed08a25a3bd188b56061a5469b3aa785', 1795808429089);
INSERT INTO drizzle.__drizzle_migrations VALUES (9, 'a48026ced2965861dbe1aa6d499d12862d0f27c6962eecf6d6ec1d16636b4804', 1795808962085);
INSERT INTO drizzle.__drizzle_migrations VALUES (10, 'f6551a4ce9f7c79eddf3224380d840c3a74fa9ecbd982a3ec1dd7f2338c47466', 1795813688193);
INSERT INTO public.authority_counters VALUES ('key', 1);
INSERT INTO public.authority_counters VALUES ('revocation', 1);
INSERT INTO public.authority_keys VALUES (1, 70001, '\x010c68616e6761722d6465762d31e8679bc30057cd7f5c7ac89c26a40b9117ef9c2dc6286870b7d276b69dedcaf72f0301b2ea31bd3cfa3ec85d304ca7463b041f24b8d2d7183eb2eba2830e3e19b5adc2d148ab0caf72809ca5e3eec0b4e06985c82790954e2ac886c2b851ba21b70101e94fe2b3c9a1e4e7304c8c47a3b710f3e6655a6d14', '2026-11-27 23:46:25.049+00', NULL);
INSERT INTO public.authority_revocations VALUES (1, 70001, 'branch', '97abf382d67995f225edcbf00c69b0eb206006ed4ec3d9e514b8bb0dcd29e926', '', 'holder of the text', '2026-11-28 23:46:32.8+00', '2027-11-27 23:46:25+00', false);
INSERT INTO public.authority_token_parts VALUES (70001, '8b754730246985efca9f5713b5ae24c86fcc49b132c770e18db28a2d3185e4a7', '2dd0c9c7-0c93-5e85-9076-0e14e06a6a78', 0, NULL, NULL);
INSERT INTO public.authority_tokens VALUES ('2dd0c9c7-0c93-5e85-9076-0e14e06a6a78', 70001, 1, 'demo-29543826', 'org', 'provisioning', NULL, '[[{"type":"Organization","body":{"id":70001,"mask":"rwcdC"}},{"type":"ValidityWindow","body":{"not_before":1795823155,"not_after":1827359185}}]]', '["May do anything in organization 70001.", "Valid from 2026-11-27T23:45:55Z until 2027-11-27T23:46:25Z."]', 'EtWE', '2026-11-27 23:46:25.048+00', '2027-11-27 23:46:25+00', '2026-11-28 23:46:32.941+00', '127.0.0.1', NULL, NULL, 1);
INSERT INTO public.deliveries VALUES ('461fef34-c27b-4415-b572-2a1f91865fcb', '30ecaad3-66f7-4e69-9a41-b20e2da0193b', '3f5dcc44-4e62-4c09-8d38-21787568434e', 'resource.updated', 1, '2026-11-27 23:46:30.244+00', 213, 200, 'delivered', '{"ok":true}', false);
INSERT INTO public.deliveries VALUES ('af25f1f7-b827-4103-ad8f-89d4659080a1', 'fc7b227c-f0fd-47e8-a2ec-8acabf754e60', '3f5dcc44-4e62-4c09-8d38-21787568434e', 'resource.updated', 1, '2026-11-27 23:46:30.678+00', 161, 200, 'delivered', '{"ok":true}', false);
INSERT INTO public.deliveries VALUES ('8f8894b4-7379-4ba5-9497-dc4d14a9162f', '1a6c879d-237b-431d-95a5-1e80a135c0d8', '3f5dcc44-4e62-4c09-8d38-21787568434e', 'resource.updated', 1, '2026-11-27 23:46:31.897+00', 39, 200, 'delivered', '{"ok":true}', false);
INSERT INTO public.extensions VALUES ('3f5dcc44-4e62-4c09-8d38-21787568434e', 'demo-29543826', 'demo-29543826', 'demo-29543826', '04La2mblTaz', 'NeBO2G0l0yJ6', NULL, 'fra', '{}', 'fdaa:0:47fb:0:1::1', '{}', NULL, 'error', NULL, 'machine 07ae8b5434c2ae ended with exit code 1', '35f7c49b7132ba5ca6c632dcc628fbe076a65c353f14f23d1452a087e00fabcb', '\x010c68616e6761722d6465762d319dbd3f507562e04a2fedcb767b274bd1153d4cd9eb79085ef93b4cc23ee254826816af76b60960e961536fc381323d57e954970994a195241dec7df6048f20aad0a9805cc0190d255e79643f1a97ec2e9a6e57aaa74c0d71224fafb37df1852ebac4d63c2d1d08d631e4ff0fdc61c58e408673d1b977efb054766feb8c94abccb0693d2bf0b1e39b0aef85279442dcbe0a4df264417bf73e5388abaccb92b7f15a09b0b7bf340a902096f2521fafbc3c200a8bc25093bfb441227fd908a67a822081f6f1c2cf8af2e5ea0e1a582403a3bd58fc773a2554559b1e7b515669d757dc41791759c9b8d99548aae5d4e0cb17d27c1359fe2da7cda784703a734142d993a0cdd5adf0b5085aedce8c39e90386f4d6950879b6f27e21a836b553dbd169cc1f33f7691307cab07355092eaf6515b7b485df1953d190643bce07c8229bb9480288b510b3d0e246fe', NULL, NULL, NULL, '2026-11-27 23:46:24.948+00', '2026-11-27 23:46:31.88+00', '2026-11-27 23:46:25.219+00', NULL);
INSERT INTO public.gateway_audit OVERRIDING SYSTEM VALUE VALUES (1, '2026-11-27 23:46:26.902+00', 70001, '2dd0c9c7-0c93-5e85-9076-0e14e06a6a78', '8b754730246985efca9f5713b5ae24c86fcc49b132c770e18db28a2d3185e4a7', 'apps.create', '', 'ok', 201, '7c24d94b-571a-4a56-81a7-469b9fa7540d', NULL, 1, '2026-11-27 23:46:26.902+00', NULL);
INSERT INTO public.gateway_audit OVERRIDING SYSTEM VALUE VALUES (2, '2026-11-27 23:46:27.3+00', 70001, '2dd0c9c7-0c93-5e85-9076-0e14e06a6a78', '8b754730246985efca9f5713b5ae24c86fcc49b132c770e18db28a2d3185e4a7', 'apps.create', '', 'ok', 201, 'df1d604f-55ba-4921-bd7f-8869764933cc', NULL, 1, '2026-11-27 23:46:27.3+00', NULL);
INSERT INTO public.gateway_audit OVERRIDING SYSTEM VALUE VALUES (3, '2026-11-27 23:46:28.122+00', 70001, '2dd0c9c7-0c93-5e85-9076-0e14e06a6a78', '8b754730246985efca9f5713b5ae24c86fcc49b132c770e18db28a2d3185e4a7', 'machines.create', 'hf-u8123-58048dc7', 'ok', 200, '9cb3c0a2-0874-4f49-9f3c-a23002c58f44', NULL, 1, '2026-11-27 23:46:28.122+00', NULL);
INSERT INTO public.gateway_audit OVERRIDING SYSTEM VALUE VALUES (4, '2026-11-27 23:46:29.828+00', 70001, '2dd0c9c7-0c93-5e85-9076-0e14e06a6a78', 'acd3cf0bc24b2737796418de113962620ff490997547a8d9be4bd1512e5787ea', 'machines.stop', 'hf-u8123-58048dc7/07ae8b5434c2ae', 'ok', 200, '94a25ae8-c809-4688-8a81-808a9a3cf4c0', '01M8FPEFT172FPAGVYJNA7QVVG-iad', 1, '2026-11-27 23:46:29.828+00', NULL);
INSERT INTO public.gateway_audit OVERRIDING SYSTEM VALUE VALUES (5, '2026-11-27 23:46:30.065+00', 70001, '2dd0c9c7-0c93-5e85-9076-0e14e06a6a78', 'acd3cf0bc24b2737796418de113962620ff490997547a8d9be4bd1512e5787ea', 'machines.start', 'hf-u8123-58048dc7/07ae8b5434c2ae', 'ok', 200, '7c8b6327-122d-4bbf-bda1-fcdf32489710', '01M8FPEG16M9K0AG7M4JD69XY5-iad', 1, '2026-11-27 23:46:30.065+00', NULL);
INSERT INTO public.gateway_audit OVERRIDING SYSTEM VALUE VALUES (6, '2026-11-27 23:46:30.504+00', 70001, '2dd0c9c7-0c93-5e85-9076-0e14e06a6a78', 'acd3cf0bc24b2737796418de113962620ff490997547a8d9be4bd1512e5787ea', 'machines.delete', 'hf-u8123-58048dc7/07ae8b5434c2ae', 'caveat_denied', 403, 'b38dae8f-4ce1-484c-86c7-f79515b15554', NULL, 1, '2026-11-27 23:46:30.504+00', '750c6026636bed18a4a30a65ae42fe41e3e4dfbde204dd8ee60a7ea8ad538380');
INSERT INTO public.gateway_branches VALUES ('05cee336de21357ec678b066d8e2b173402aac8c709445b14f7d7c5b062a4301', 'env_01M8FPEC0RCGA68QWPR397NAR8', true, '2026-11-27 23:46:25.944+00');
INSERT INTO public.gateway_branches VALUES ('24b6ab55a2cd4969dafa4e0c6c0b3e53293ad1a2f50711a5d908e46029577b20', 'env_01M8FPEC0RCGA68QWPR397NAR8', true, '2026-11-27 23:46:25.944+00');
INSERT INTO public.gateway_branches VALUES ('8b754730246985efca9f5713b5ae24c86fcc49b132c770e18db28a2d3185e4a7', 'env_01M8FPEC0RCGA68QWPR397NAR8', true, '2026-11-27 23:46:25.944+00');
INSERT INTO public.gateway_branches VALUES ('05cee336de21357ec678b066d8e2b173402aac8c709445b14f7d7c5b062a4301', 'env_01M8FPECZS2EH56XW3AWQA654G', true, '2026-11-27 23:46:26.937+00');
INSERT INTO public.gateway_branches VALUES ('24b6ab55a2cd4969dafa4e0c6c0b3e53293ad1a2f50711a5d908e46029577b20', 'env_01M8FPECZS2EH56XW3AWQA654G', true, '2026-11-27 23:46:26.937+00');
INSERT INTO public.gateway_branches VALUES ('8b754730246985efca9f5713b5ae24c86fcc49b132c770e18db28a2d3185e4a7', 'env_01M8FPECZS2EH56XW3AWQA654G', true, '2026-11-27 23:46:26.937+00');
INSERT INTO public.gateway_environments VALUES ('env_01M8FPEC0RCGA68QWPR397NAR8', 70001, 'hf-u8123-58048dc7', 'ready', 90002, '9n2ns4rbareqzl', 'hgr-pn25ozvo-env_01M8FPEC0RCGA68QWPR397NAR8', 'hf-u8123-58048dc7-ypbhk5ifxs', 'hgr-pn25ozvo-env_01M8FPEC0RCGA68QWPR397NAR8', 'tid_SPw555v8OHhoa-jJE6EjC0N0', '\x010c68616e6761722d6465762d31639e708d786c0007b08f27d183aa41e0fe077855ec6eb5351e5bd5b69d7ef048d32d5ff02aeaca24ed52f2ecb298d9a2f7228462f4f55782914b0fa6734e0743df6d43e97d1c60ec159f959cd21b72748de7ce54b0ffe2761525f63ee6cba5a4f95682b46db2494bf4ebbf04e8b8bc93a44796dc6efeb20092ab0499d753d53f0076f217ac3ba55d', 'hgr-pn25ozvo-env_01M8FPEC0RCGA68QWPR397NAR8', 'arn:aws:iam::flyio_operator:policy/hgr-pn25ozvo-env_01M8FPEC0RCGA68QWPR397NAR8', 'fdaa:0:47fb:0:1::3', '2dd0c9c7-0c93-5e85-9076-0e14e06a6a78', '8b754730246985efca9f5713b5ae24c86fcc49b132c770e18db28a2d3185e4a7', '[{"name": "create.bucket", "startedAt": "2026-11-27T23:46:26.089Z", "finishedAt": "2026-11-27T23:46:26.255Z"}, {"name": "create.access-key", "startedAt": "2026-11-27T23:46:26.328Z", "finishedAt": "2026-11-27T23:46:26.481Z"}, {"name": "create.policy", "startedAt": "2026-11-27T23:46:26.536Z", "finishedAt": "2026-11-27T23:46:26.627Z"}, {"name": "create.attach", "startedAt": "2026-11-27T23:46:26.640Z", "finishedAt": "2026-11-27T23:46:26.672Z"}, {"name": "create.app", "startedAt": "2026-11-27T23:46:26.674Z", "finishedAt": "2026-11-27T23:46:26.702Z"}, {"name": "create.flycast", "startedAt": "2026-11-27T23:46:26.713Z", "finishedAt": "2026-11-27T23:46:26.781Z"}, {"name": "create.secrets", "startedAt": "2026-11-27T23:46:26.794Z", "finishedAt": "2026-11-27T23:46:26.839Z"}]', NULL, NULL, NULL, '2026-11-27 23:46:25.944+00', '2026-11-27 23:46:26.877+00', '2026-11-27 23:46:26.877+00', NULL, NULL, NULL, '{}', NULL, 1, NULL, NULL);
INSERT INTO public.gateway_environments VALUES ('env_01M8FPECZS2EH56XW3AWQA654G', 70001, 'hf-u9000-2e2850ce', 'ready', 90004, '3t64b3vbksspq0', 'hgr-pn25ozvo-env_01M8FPECZS2EH56XW3AWQA654G', 'hf-u9000-2e2850ce-vcbkcdssdk', 'hgr-pn25ozvo-env_01M8FPECZS2EH56XW3AWQA654G', 'tid_Ocf4tERMONH0A0T0qFCdk6Og', '\x010c68616e6761722d6465762d310f41635afa0f680bb1ff7f91c5a888043069f73010dabdca6a25e5d2bec956091465689c43ae45c3140a82e9a5707af575872ba197eae8f7b4b7b26117a374c5d3467f724e7e1e2eec13087e9b603a12b46ea42f63337a59db7d6e21f1be5fd0bab42d77a2b2556cb2ad2d7b71458849780020124bbc9dae01c311390a966f37d5e52aeb43f70068', 'hgr-pn25ozvo-env_01M8FPECZS2EH56XW3AWQA654G', 'arn:aws:iam::flyio_operator:policy/hgr-pn25ozvo-env_01M8FPECZS2EH56XW3AWQA654G', 'fdaa:0:47fb:0:1::5', '2dd0c9c7-0c93-5e85-9076-0e14e06a6a78', '8b754730246985efca9f5713b5ae24c86fcc49b132c770e18db28a2d3185e4a7', '[{"name": "create.bucket", "startedAt": "2026-11-27T23:46:26.961Z", "finishedAt": "2026-11-27T23:46:26.992Z"}, {"name": "create.access-key", "startedAt": "2026-11-27T23:46:27.005Z", "finishedAt": "2026-11-27T23:46:27.034Z"}, {"name": "create.policy", "startedAt": "2026-11-27T23:46:27.052Z", "finishedAt": "2026-11-27T23:46:27.085Z"}, {"name": "create.attach", "startedAt": "2026-11-27T23:46:27.088Z", "finishedAt": "2026-11-27T23:46:27.105Z"}, {"name": "create.app", "startedAt": "2026-11-27T23:46:27.116Z", "finishedAt": "2026-11-27T23:46:27.145Z"}, {"name": "create.flycast", "startedAt": "2026-11-27T23:46:27.152Z", "finishedAt": "2026-11-27T23:46:27.230Z"}, {"name": "create.secrets", "startedAt": "2026-11-27T23:46:27.232Z", "finishedAt": "2026-11-27T23:46:27.242Z"}]', NULL, NULL, NULL, '2026-11-27 23:46:26.937+00', '2026-11-27 23:46:27.252+00', '2026-11-27 23:46:27.252+00', NULL, NULL, NULL, '{}', NULL, 1, NULL, NULL);
INSERT INTO public.gateway_intervals VALUES ('07ae8b5434c2ae', '2026-11-27 23:46:27.634+00', 'env_01M8FPEC0RCGA68QWPR397NAR8', '2026-11-27 23:46:29.842+00', '{"cpus": 1, "cpuKind": "shared", "memoryMb": 256}', true, 70001);
INSERT INTO public.gateway_intervals VALUES ('07ae8b5434c2ae', '2026-11-27 23:46:30.086+00', 'env_01M8FPEC0RCGA68QWPR397NAR8', '2026-11-27 23:46:31.651+00', '{"cpus": 1, "cpuKind": "shared", "memoryMb": 256}', true, 70001);
INSERT INTO public.gateway_machines VALUES ('07ae8b5434c2ae', 'env_01M8FPEC0RCGA68QWPR397NAR8', 'failed', 'fra', '{"cpus": 1, "cpuKind": "shared", "memoryMb": 256}', '01M8FPEDFKJ819B26SM6RXPKEG', '2026-11-27 23:46:27.525+00', '2026-11-27 23:46:31.704+00', NULL, '{"at": "2026-11-27T23:46:31.651Z", "reason": "exited", "exitCode": 1, "oomKilled": false}');
INSERT INTO public.gateway_operations VALUES (70001, 'hf-u8123-58048dc7', '01M8FPEBZBWKNTKRT054PA3GA7', '0e61f99ad22c7929c0fcce000bc7b8906f7b5a91af711f8248ad51f4a6d932d8', 'done', '2026-11-27 23:46:37.899+00', 201, '\x010c68616e6761722d6465762d31d841c6309033863f2f8b20ffd81473e212e140793cff3aae4a54a92408025f8008b57f80c8510525ce6ac5b16c71cf032ff5dcfc58173d3e9962872707d06f3d404f3bc0f9ac6206736d13b003d4ed85d1353e6388ecc1f464a79b58072225d9c00f50cae16aa87c46fff277e90f32967e49fa70a3feacc1157669b2a99c681968349f7acc05bae6a20a8aacbd6d156d9fb91477c15b9efca1d7d06d7b6218a46b3f9cb80fd67f3d800f8e2abc0705466be3a9eb3151d0b86a090bd9bd78e7df44f6a3fd1aeea4419a5ffb741e5bd3a47290f9d63fdf1ceac737518da22652830da34baca66b4b7960124160ba7b4b45e552afd8f92cab7b24e2c3b4275312e2ae8550146150f9165c5cca8ad28d79a92fef74b48bed227f3246f0b56ed454807a1acb046e5da2a1d187e86db8a56dd36b5b5ec6efb9a3326ebd82d6a34c24ffe2ead67afb06a89500be613b42fdc7c18734a908713b25adb7115722ad0d76ed65248b3c525b7c57b2d39b35c11f7c2aba3b877e8dd6648f1abd746406677b610d38ade934d33961d879', '2026-11-27 23:46:25.899+00');
INSERT INTO public.gateway_operations VALUES (70001, 'hf-u9000-2e2850ce', '01M8FPECZNHS2JKJDJ3GDGA5Z0', 'bb199f2a72fc0f33e9144351a5290ba1cdcc72d27f775c06da17343b11d44f55', 'done', '2026-11-27 23:46:38.933+00', 201, '\x010c68616e6761722d6465762d31fbcf0876328a49e818511dd58141bd7b51f468e059b59387609aea1d297eda44aea3155938c4d3f69132e7aa036138c1a19b830d3bf05019cc504bc3f1543764baf19df99d98bb17a882665cf6536ce6a373d26364ebdc5b661a965b6f458f9c419b5f5684af51b98af1f6474d870181198352bedc931eb4136561eca7a55ad53845ee1a674d083e760f20db73f4c58d4d288144a598befc16c83bb9f7421bc7200164aa457a97658fbfce1464dacd2ae0b9f9c6395061ffc6a635479c591af6d2251521c80fabaebce6dabf42012ff3aa13ab613bbf37cbbeaadc965b166a86f5ec0b718d659599bca55bb24c6cec42b6dd3e5d0630973ff21fa16a0b1cd76645048cdb9ed43b21f6782a3c327472022422321a9ed3a7d89053d74ba0dbe5edbc98c2ac1bf7e2a1ec68edce33c9feef1c65b0a06e557401d468f9c30ecbd58339a01d5b7832cff8137c16f41149367eb46bdc95ecabb2ef930b31e30e0a9c6b1e0bd42145232b3773618b3045849d34290dd88b3d18e180fb75280478a92694d5fc0c3cb79ef34e307a', '2026-11-27 23:46:26.933+00');
INSERT INTO public.gateway_operations VALUES (70001, 'hf-u8123-58048dc7-first', '01M8FPEDFKJ819B26SM6RXPKEG', '54aeb2f5e4c5b189d47edb05a10da3069694d1828f4cab4aee5d1ce93d9ba1e5', 'done', '2026-11-27 23:46:39.443+00', 200, '\x010c68616e6761722d6465762d318c9564b251ae4bc7374e0cce8f3dd83425c4cfd64eddd62017b8080a5748bb39003c43a6b405fed1e9c0c42b1d7ca0cf12fb021bb2733554dc1ec2169e05ac95faabc7802e3fee3b490a9f34a72bb7f90733a2296341d2ea222d34687be2b45aa43eb4770496269524e7f447012b8383744f387377350a083199f13bd4103cde70bcde205ef9bc31df49d4fa52d1da0f846f0d5766ebd7254d22a749a1627f0e08bf35bc9126547203a7eb010c8bbaeef653a59305fa4708997e21e03e9cb452f7d7966a6984d19951659c196b576be0c85046c2a64a0abfb575bb2842eaa70fb7741885686a1469cee2bb7cdc14237b62298ef56ada6d260f4892410728652f56f1d53ec37607446e39b5ee718a639f5067ff6a2899c5534a7b148e6294c6b0d3c7017a6f63bf74cff2bcd98d359ebb7598cd3420f973181ea18f9a163ddc80676a06a6b115a89e1cb579bf731cc6e78c7af6e38aa48f4b31d2925b5e880c496ed528ae0940bc52e322d9dd7acdb87468977d77b958f2f16809c468517c1b6c4ff745caf3927cc1b39c23cb86a287d61c12bac7dd8414c11197c30bda7435136bb4b8189aecba04dfa762d86426c529cb4616bd5abbd11605f929706ca727cb15930b54cf25a970818b5e9d0d609beab7db47dbf418258f79841814a12bc8b0de80bc60012d38cb28fb60e2690f7f332b077bdba77091050fd4e7238721d732317243e289be6955401c029da06154e09d7d2fb30fa6e1affdb717423b126b904f4801669ffbc6e523964c02966be64a91b230d4a22f391e545db9720f427d9283b907a9cfced872099c2c8d85568a1660dd8adbf596360f40bc0bd935e86d26bc01c52578843ec397bc06e3ae5f3e3e15cae06771911eaf0421a51c2b81521a46edf260c0059835e93d480d2d6a4f546ebffdfa8a6637ced3a3429886109e0f1c14c4b3a70a7622db00f40b9d895c8d277b31329be5ff86e6d34252c5715ac4de4c47d09288fa19517a14f959d12d3cbad3d90a29cf9a8c0300dc2663f620bdbeccade85c7be93c8dfaf12da8cc0684f65441f05e12e14f86f7906c6f6b5090c81aba7d29b39829e92a910a516a748390b85581f18ea7834361dd674979d0aad7f23bb85572448c4a64d7e25d17615cefea4e2554011670807917dbc8ac81ac181588555ff051d41934e22c56a4917823eeb01789bb2cd64ffc', '2026-11-27 23:46:27.443+00');
INSERT INTO public.gateway_workspaces OVERRIDING SYSTEM VALUE VALUES (70001, 'ws-jxikjiovcq', '3f5dcc44-4e62-4c09-8d38-21787568434e', '04La2mblTaz', '2026-11-27 23:46:25.022+00', NULL);
INSERT INTO public.house_facts VALUES ('discharge-key', 'AQxoYW5nYXItZGV2LTGwNOvFaG1LW+gcnZJAZfhuviZTti709IdGSv2FrGA+hfGLtLjUmMZGCYEas5hVMFIgn9qkZR2S+nuH1HMvaZF+ZsK1AWLKwIqh4BYzFDUPfLeLseZ8Df95fW5/S55ZNBAlZ8DPbhBhXH76yVipm6ugXGYqwTJhi1pnELYjIgPQ8bVZlBk=', '2026-11-27 23:46:23.272+00');
INSERT INTO public.house_facts VALUES ('installation', 'pn25ozvo', '2026-11-27 23:46:23.443+00');
INSERT INTO public.logins VALUES ('491a299dede3a54a94d8deea54e8f89db28bc47c640aed341c0325084e9ff56e', 'NeBO2G0l0yJ6', '\x010c68616e6761722d6465762d31d4fe315e4ac99cc71cf2c85300379df52acadce32cf2d809d75d282b9c0f95898b3d5e5928b2c4b4b34266e1a23b75e56df478b2278f79b9dbd1c429a12aba71a269da6f19e1b9ea36acef0eb82406d2930eadd26810125ebbab981963e72e1a7cb5ce929b06a08ae280aa9ffea7ec55efa9439620908ab4d4c4cecead7ffcd8fe3e16dde74086', '2026-11-27 23:46:31.345+00', '2026-11-27 23:46:31.345+00', '2026-11-28 01:46:31.345+00');
INSERT INTO public.logins VALUES ('925f8315537d0d86964c28a23a1ac66697da2b4f19ec3926b16bc0d4511cff6c', 'NeBO2G0l0yJ6', '\x010c68616e6761722d6465762d312c8fcf574ce00dd411770472bd20ecc857e5a229e2fcee5802c32890bfb9bbe0e9749d1d6d916d0aa53c1c28b01359208f75ed371a28a736c9c396c7285714191b2cbec3a87f132c163b6516d99d915b270187d7e85e6aa09a06947ece1a38408443ea5927c7b6f8943f9386b9789a29fe069e19f98b6c901eeb645593d2359e84e6bda9e6ab43', '2026-11-27 23:46:32.049+00', '2026-11-27 23:46:32.049+00', '2026-11-28 01:46:32.049+00');
INSERT INTO public.machine_events VALUES ('1f0080ac-4b71-41b5-90ad-cfcbf382134b', 'https://api.machines.dev/v1/apps/hf-u8123-58048dc7/machines/07ae8b5434c2ae', '01M8FPEDJ5J11RA58EVA8J4329', 'io.fly.machine.created', '07ae8b5434c2ae', 'created', '{"app": "hf-u8123-58048dc7", "instance_id": "01M8FPEDJ584Q7GZCYEBT0J3JS", "previous_status": "created"}', '2026-11-27T23:46:27.562Z', '2026-11-27 23:46:27.631+00', 'handled', 1, '2026-11-27 23:46:33.629+00', 'c175d408b21cf379d753b44f35033cab443504ca83c9ed034858965fec46e988', 1);
INSERT INTO public.machine_events VALUES ('915ee5f2-b791-4369-867e-fd9fcdc32f0c', 'https://api.machines.dev/v1/apps/hf-u8123-58048dc7/machines/07ae8b5434c2ae', '01M8FPEDMAJHQP8WM9RKMRPX5W', 'io.fly.machine.starting', '07ae8b5434c2ae', 'starting', '{"app": "hf-u8123-58048dc7", "instance_id": "01M8FPEDJ584Q7GZCYEBT0J3JS", "previous_status": "created"}', '2026-11-27T23:46:27.594Z', '2026-11-27 23:46:28.006+00', 'handled', 1, '2026-11-27 23:46:34.14+00', 'c19ae17c6dc22874147b646ecb65ce8ceca62a0f1ad50e4ea420ad84708c808b', 1);
INSERT INTO public.machine_events VALUES ('268ffe71-7915-4d25-b807-997e1efd95b4', 'https://api.machines.dev/v1/apps/hf-u8123-58048dc7/machines/07ae8b5434c2ae', '01M8FPEFT2HCGVXWTW0AKRJHJM', 'io.fly.machine.stopping', '07ae8b5434c2ae', 'stopping', '{"app": "hf-u8123-58048dc7", "instance_id": "01M8FPEDJ584Q7GZCYEBT0J3JS", "previous_status": "started"}', '2026-11-27T23:46:29.826Z', '2026-11-27 23:46:29.83+00', 'handled', 1, '2026-11-27 23:46:35.19+00', '6ce60732371c510afe94532f40bd97a96c9c4d85fb4e94a5bb4e5977a846931a', 1);
INSERT INTO public.machine_events VALUES ('ab593218-6725-41a7-8675-78f57f8d3c46', 'https://api.machines.dev/v1/apps/hf-u8123-58048dc7/machines/07ae8b5434c2ae', '01M8FPEFTJ91AMY7GNFDCTDM3Q', 'io.fly.machine.stopped', '07ae8b5434c2ae', 'stopped', '{"app": "hf-u8123-58048dc7", "exit_event": {"signal": -1, "exit_code": 0, "exited_at": "2026-11-27T23:46:29.826Z", "oom_killed": false, "restarting": false, "guest_signal": -1, "requested_stop": true, "guest_exit_code": 0}, "instance_id": "01M8FPEDJ584Q7GZCYEBT0J3JS", "previous_status": "stopping"}', '2026-11-27T23:46:29.843Z', '2026-11-27 23:46:29.876+00', 'handled', 1, '2026-11-27 23:46:35.666+00', '6ff71bc3c07c82d313a6c3187c7b191fe04f8c2d9d597a02bfed0e83cf7f0454', 1);
INSERT INTO public.machine_events VALUES ('f9fcd5cc-85e4-4aa3-b878-1f1837845388', 'https://api.machines.dev/v1/apps/hf-u8123-58048dc7/machines/07ae8b5434c2ae', '01M8FPEG17G9548874EQ3JEWTZ', 'io.fly.machine.starting', '07ae8b5434c2ae', 'starting', '{"app": "hf-u8123-58048dc7", "instance_id": "01M8FPEDJ584Q7GZCYEBT0J3JS", "previous_status": "stopped"}', '2026-11-27T23:46:30.055Z', '2026-11-27 23:46:30.069+00', 'handled', 1, '2026-11-27 23:46:36.144+00', '8d2c8ee929b1ae92f28d6652784caad1584e8837e6f0ea12ae5f4019648aca8c', 1);
INSERT INTO public.machine_events VALUES ('9ed7d0ad-c01f-4696-8924-67d1a8ca83d7', 'https://api.machines.dev/v1/apps/hf-u8123-58048dc7/machines/07ae8b5434c2ae', '01M8FPEHK3M8D40RQSHPTCWKHE', 'io.fly.machine.failed', '07ae8b5434c2ae', 'failed', '{"app": "hf-u8123-58048dc7", "Error": "out of memory", "Transition": "exit", "exit_event": {"signal": -1, "exit_code": 1, "exited_at": "2026-11-27T23:46:31.651Z", "oom_killed": false, "restarting": false, "guest_signal": -1, "requested_stop": false, "guest_exit_code": 1}, "instance_id": "01M8FPEDJ584Q7GZCYEBT0J3JS", "previous_status": "started"}', '2026-11-27T23:46:31.651Z', '2026-11-27 23:46:31.657+00', 'handled', 1, '2026-11-27 23:46:36.883+00', '0acc1a81f9d5400ded32e5b8b3cad3bfa786fc562557cf19bd66e4787e2db5dc', 1);
INSERT INTO public.machine_events VALUES ('6596c664-74a0-47f5-86f6-2554cc4bffd3', 'https://api.machines.dev/v1/apps/hf-u8123-58048dc7/machines/07ae8b5434c2ae', '01M8FPEG263219NAH0Q9WEKY8P', 'io.fly.machine.started', '07ae8b5434c2ae', 'started', '{"app": "hf-u8123-58048dc7", "instance_id": "01M8FPEDJ584Q7GZCYEBT0J3JS", "previous_status": "starting"}', '2026-11-27T23:46:30.086Z', '2026-11-27 23:46:30.101+00', 'handled', 1, '2026-11-28 23:46:38.58+00', '29e0eb548a88c1b334de4930f4e6c33cf8a4685ed32d4abf0a32599c446b5b92', 2);
INSERT INTO public.memberships VALUES ('04La2mblTaz', 'NeBO2G0l0yJ6', 'admin', '2026-11-27 23:46:32.049+00', NULL);
INSERT INTO public.organizations VALUES ('04La2mblTaz', 'High Flyers', NULL, '2026-11-27 23:46:24+00', '2026-11-27 23:46:25+00');
INSERT INTO public.outbox OVERRIDING SYSTEM VALUE VALUES ('30ecaad3-66f7-4e69-9a41-b20e2da0193b', 1, '3f5dcc44-4e62-4c09-8d38-21787568434e', 'resource.updated', 'delivered', NULL, 1, false, '2026-11-27 23:46:30.152+00', '2026-11-27 23:46:30.152+00', '2026-11-27 23:46:30.152+00', NULL, NULL);
INSERT INTO public.outbox OVERRIDING SYSTEM VALUE VALUES ('fc7b227c-f0fd-47e8-a2ec-8acabf754e60', 2, '3f5dcc44-4e62-4c09-8d38-21787568434e', 'resource.updated', 'delivered', NULL, 1, false, '2026-11-27 23:46:30.576+00', '2026-11-27 23:46:30.576+00', '2026-11-27 23:46:30.576+00', NULL, NULL);
INSERT INTO public.outbox OVERRIDING SYSTEM VALUE VALUES ('1a6c879d-237b-431d-95a5-1e80a135c0d8', 3, '3f5dcc44-4e62-4c09-8d38-21787568434e', 'resource.updated', 'delivered', NULL, 1, false, '2026-11-27 23:46:31.88+00', '2026-11-27 23:46:31.88+00', '2026-11-27 23:46:31.88+00', NULL, NULL);
INSERT INTO public.request_nonces VALUES ('e3025b4b743e8934149570d12cac8528', '2026-11-27 23:56:24+00', 'f32b7dd7fd5a9acfdb6d8ac2aa153e505732ff334422fb3caaf9e02abfafe869', false);
INSERT INTO public.request_nonces VALUES ('ea3fb01adb014dbf335fd5b345969bd1', '2026-11-27 23:56:25+00', '16c943928d83bf56d52ad88d5b419f098e812e3c00dd26ecdd461b62e02ce3d3', false);
INSERT INTO public.request_nonces VALUES ('acaf8aeda4732aabb662d9c3047f77b8', '2026-11-27 23:56:31+00', 'bba76fdb39ebed83a6cb7fd86a20981f1c07ff1249785d498355a4945f781e80', false);
INSERT INTO public.request_nonces VALUES ('fa9c3e18da9e00d4b4577b7d96f10b30', '2026-11-27 23:56:31+00', '8e201fa6a230d48dfd4e6f69f83918f4fe9df0aa0813b4bbb9a335dd50a3c4d6', false);
INSERT INTO public.request_nonces VALUES ('278f00d7460687ede5e0918f883c4ac8', '2026-11-27 23:56:31+00', '8af705e1ec94f3ab20daf5f60fd75ebcc24df2cbd30ac83c230489785d5f9e61', false);
INSERT INTO public.request_nonces VALUES ('c49be8a5cf5b7b6f7cc44a9c3c223e45', '2026-11-27 23:56:31+00', 'a9b9149342dee17205bfa0afa6fba42c42ac2a9a5cc3750255ec3fafbae0cff1', false);
INSERT INTO public.request_nonces VALUES ('9dfd999a0b6806f91e56590e0895f094', '2026-11-28 23:56:32+00', '3314857238344d9ad90af4689689c15ca6d55404d102dee5786138ba6bb9bfad', false);
INSERT INTO public.users VALUES ('NeBO2G0l0yJ6', 'v9WvKokd@customer.fly.io', 'Gabriella Fern', '2026-11-27 23:46:24+00', '2026-11-27 23:46:32.049+00');
INSERT INTO public.webhook_endpoint VALUES ('fly', NULL, NULL, NULL);
SELECT pg_catalog.setval('drizzle.__drizzle_migrations_id_seq', 10, true);
SELECT pg_catalog.setval('public.gateway_audit_number_seq', 6, true);
SELECT pg_catalog.setval('public.gateway_spend_holds_number_seq', 1, false);
SELECT pg_catalog.setval('public.gateway_workspaces_number_seq', 70001, true);
SELECT pg_catalog.setval('public.outbox_sequence_seq', 3, true);
ALTER TABLE ONLY drizzle.__drizzle_migrations
    ADD CONSTRAINT __drizzle_migrations_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.authority_counters
    ADD CONSTRAINT authority_counters_pkey PRIMARY KEY (name);
ALTER TABLE ONLY public.authority_flows
    ADD CONSTRAINT authority_flows_pkey PRIMARY KEY (user_digest);
ALTER TABLE ONLY public.authority_keys
    ADD CONSTRAINT authority_keys_pkey PRIMARY KEY (number);
ALTER TABLE ONLY public.authority_lineage
    ADD CONSTRAINT authority_lineage_workspace_ancestor_token_pk PRIMARY KEY (workspace, ancestor, token);
ALTER TABLE ONLY public.authority_revocations
    ADD CONSTRAINT authority_revocations_pkey PRIMARY KEY (number);
ALTER TABLE ONLY public.authority_token_parts
    ADD CONSTRAINT authority_token_parts_workspace_digest_pk PRIMARY KEY (workspace, digest);
ALTER TABLE ONLY public.authority_tokens
    ADD CONSTRAINT authority_tokens_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.deliveries
    ADD CONSTRAINT deliveries_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.extensions
    ADD CONSTRAINT extensions_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.gateway_addresses
    ADD CONSTRAINT gateway_addresses_environment_address_pk PRIMARY KEY (environment, address);
ALTER TABLE ONLY public.gateway_audit
    ADD CONSTRAINT gateway_audit_pkey PRIMARY KEY (number);
ALTER TABLE ONLY public.gateway_branches
    ADD CONSTRAINT gateway_branches_branch_environment_pk PRIMARY KEY (branch, environment);
ALTER TABLE ONLY public.gateway_environments
    ADD CONSTRAINT gateway_environments_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.gateway_intervals
    ADD CONSTRAINT gateway_intervals_machine_started_at_pk PRIMARY KEY (machine, started_at);
ALTER TABLE ONLY public.gateway_machines
    ADD CONSTRAINT gateway_machines_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.gateway_operations
    ADD CONSTRAINT gateway_operations_workspace_key_pk PRIMARY KEY (workspace, key);
ALTER TABLE ONLY public.gateway_reservations
    ADD CONSTRAINT gateway_reservations_environment_kind_id_pk PRIMARY KEY (environment, kind, id);
ALTER TABLE ONLY public.gateway_spend_holds
    ADD CONSTRAINT gateway_spend_holds_pkey PRIMARY KEY (number);
ALTER TABLE ONLY public.gateway_volumes
    ADD CONSTRAINT gateway_volumes_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.gateway_workspaces
    ADD CONSTRAINT gateway_workspaces_pkey PRIMARY KEY (number);
ALTER TABLE ONLY public.house_facts
    ADD CONSTRAINT house_facts_pkey PRIMARY KEY (name);
ALTER TABLE ONLY public.login_attempts
    ADD CONSTRAINT login_attempts_pkey PRIMARY KEY (state_hash);
ALTER TABLE ONLY public.logins
    ADD CONSTRAINT logins_pkey PRIMARY KEY (token_hash);
ALTER TABLE ONLY public.machine_events
    ADD CONSTRAINT machine_events_pkey PRIMARY KEY (key);
ALTER TABLE ONLY public.memberships
    ADD CONSTRAINT memberships_organization_id_user_id_pk PRIMARY KEY (organization_id, user_id);
ALTER TABLE ONLY public.organizations
    ADD CONSTRAINT organizations_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.outbox
    ADD CONSTRAINT outbox_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.request_nonces
    ADD CONSTRAINT request_nonces_pkey PRIMARY KEY (nonce);
ALTER TABLE ONLY public.users
    ADD CONSTRAINT users_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.webhook_endpoint
    ADD CONSTRAINT webhook_endpoint_pkey PRIMARY KEY (name);
CREATE INDEX authority_flows_expiry ON public.authority_flows USING btree (expires_at);
CREATE UNIQUE INDEX authority_flows_poll ON public.authority_flows USING btree (poll_digest);
CREATE UNIQUE INDEX authority_keys_current ON public.authority_keys USING btree (workspace) WHERE (retired_at IS NULL);
CREATE INDEX authority_lineage_of ON public.authority_lineage USING btree (token);
CREATE UNIQUE INDEX authority_revocations_once ON public.authority_revocations USING btree (workspace, kind, value);
CREATE UNIQUE INDEX authority_token_parts_of ON public.authority_token_parts USING btree (token, place);
CREATE INDEX authority_tokens_by_app ON public.authority_tokens USING btree (workspace, app);
CREATE INDEX authority_tokens_by_end ON public.authority_tokens USING btree (expires_at);
CREATE INDEX authority_tokens_by_workspace ON public.authority_tokens USING btree (workspace, created_at, id);
CREATE INDEX deliveries_by_announcement ON public.deliveries USING btree (announcement_id);
CREATE INDEX deliveries_by_extension ON public.deliveries USING btree (extension_id, started_at);
CREATE INDEX deliveries_by_time ON public.deliveries USING btree (started_at);
CREATE INDEX extensions_by_organization ON public.extensions USING btree (organization_id, created_at);
CREATE UNIQUE INDEX extensions_fly_id ON public.extensions USING btree (fly_id);
CREATE UNIQUE INDEX extensions_living_name ON public.extensions USING btree (name) WHERE ((deleted_at IS NULL) OR (operation IS NOT NULL));
CREATE INDEX extensions_usable ON public.extensions USING btree (provisioned_at, deleted_at);
CREATE INDEX extensions_working ON public.extensions USING btree (lease_until) WHERE (operation IS NOT NULL);
CREATE INDEX gateway_audit_by_age ON public.gateway_audit USING btree (at);
CREATE INDEX gateway_audit_by_workspace ON public.gateway_audit USING btree (workspace, number);
CREATE UNIQUE INDEX gateway_audit_open ON public.gateway_audit USING btree (open_key);
CREATE INDEX gateway_branches_by_environment ON public.gateway_branches USING btree (environment);
CREATE INDEX gateway_environments_by_name ON public.gateway_environments USING btree (name, deleted_at);
CREATE INDEX gateway_environments_by_workspace ON public.gateway_environments USING btree (workspace, created_at, id);
CREATE INDEX gateway_environments_expiring ON public.gateway_environments USING btree (expires_at) WHERE ((phase = 'ready'::text) AND (expires_at IS NOT NULL));
CREATE UNIQUE INDEX gateway_environments_live_key ON public.gateway_environments USING btree (workspace, key) WHERE (phase <> ALL (ARRAY['failed'::text, 'deleted'::text]));
CREATE UNIQUE INDEX gateway_environments_live_name ON public.gateway_environments USING btree (name) WHERE (phase <> ALL (ARRAY['failed'::text, 'deleted'::text]));
CREATE INDEX gateway_environments_unfinished ON public.gateway_environments USING btree (lease_until) WHERE (phase = ANY (ARRAY['provisioning'::text, 'quarantined'::text, 'undoing'::text, 'deleting'::text]));
CREATE INDEX gateway_intervals_by_environment ON public.gateway_intervals USING btree (environment, started_at);
CREATE INDEX gateway_intervals_by_workspace ON public.gateway_intervals USING btree (workspace, started_at);
CREATE INDEX gateway_machines_by_environment ON public.gateway_machines USING btree (environment);
CREATE INDEX gateway_operations_by_age ON public.gateway_operations USING btree (created_at);
CREATE INDEX gateway_spend_holds_by_age ON public.gateway_spend_holds USING btree (until);
CREATE INDEX gateway_spend_holds_by_branch ON public.gateway_spend_holds USING btree (branch, until);
CREATE INDEX gateway_volumes_by_environment ON public.gateway_volumes USING btree (environment);
CREATE UNIQUE INDEX gateway_workspaces_extension ON public.gateway_workspaces USING btree (extension_id);
CREATE UNIQUE INDEX gateway_workspaces_slug ON public.gateway_workspaces USING btree (slug);
CREATE INDEX login_attempts_expiry ON public.login_attempts USING btree (expires_at);
CREATE INDEX logins_by_user ON public.logins USING btree (user_id);
CREATE INDEX logins_expiry ON public.logins USING btree (expires_at);
CREATE INDEX machine_events_by_machine ON public.machine_events USING btree (machine_id, received_at);
CREATE UNIQUE INDEX machine_events_once_a_body ON public.machine_events USING btree (digest);
CREATE INDEX machine_events_waiting ON public.machine_events USING btree (next_at) WHERE (state = 'waiting'::text);
CREATE INDEX memberships_by_user ON public.memberships USING btree (user_id);
CREATE INDEX outbox_due ON public.outbox USING btree (next_at) WHERE (state = 'pending'::text);
CREATE INDEX outbox_pending ON public.outbox USING btree (extension_id, sequence) WHERE (state = 'pending'::text);
CREATE INDEX request_nonces_expiry ON public.request_nonces USING btree (expires_at);
ALTER TABLE ONLY public.deliveries
    ADD CONSTRAINT deliveries_announcement_id_outbox_id_fk FOREIGN KEY (announcement_id) REFERENCES public.outbox(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.extensions
    ADD CONSTRAINT extensions_organization_id_organizations_id_fk FOREIGN KEY (organization_id) REFERENCES public.organizations(id);
ALTER TABLE ONLY public.extensions
    ADD CONSTRAINT extensions_user_id_users_id_fk FOREIGN KEY (user_id) REFERENCES public.users(id);
ALTER TABLE ONLY public.gateway_addresses
    ADD CONSTRAINT gateway_addresses_environment_gateway_environments_id_fk FOREIGN KEY (environment) REFERENCES public.gateway_environments(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.gateway_branches
    ADD CONSTRAINT gateway_branches_environment_gateway_environments_id_fk FOREIGN KEY (environment) REFERENCES public.gateway_environments(id);
ALTER TABLE ONLY public.gateway_environments
    ADD CONSTRAINT gateway_environments_workspace_gateway_workspaces_number_fk FOREIGN KEY (workspace) REFERENCES public.gateway_workspaces(number);
ALTER TABLE ONLY public.gateway_machines
    ADD CONSTRAINT gateway_machines_environment_gateway_environments_id_fk FOREIGN KEY (environment) REFERENCES public.gateway_environments(id);
ALTER TABLE ONLY public.gateway_reservations
    ADD CONSTRAINT gateway_reservations_environment_gateway_environments_id_fk FOREIGN KEY (environment) REFERENCES public.gateway_environments(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.gateway_spend_holds
    ADD CONSTRAINT gateway_spend_holds_environment_gateway_environments_id_fk FOREIGN KEY (environment) REFERENCES public.gateway_environments(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.gateway_volumes
    ADD CONSTRAINT gateway_volumes_environment_gateway_environments_id_fk FOREIGN KEY (environment) REFERENCES public.gateway_environments(id);
ALTER TABLE ONLY public.logins
    ADD CONSTRAINT logins_user_id_users_id_fk FOREIGN KEY (user_id) REFERENCES public.users(id);
ALTER TABLE ONLY public.memberships
    ADD CONSTRAINT memberships_organization_id_organizations_id_fk FOREIGN KEY (organization_id) REFERENCES public.organizations(id);
ALTER TABLE ONLY public.memberships
    ADD CONSTRAINT memberships_user_id_users_id_fk FOREIGN KEY (user_id) REFERENCES public.users(id);
ALTER TABLE ONLY public.outbox
    ADD CONSTRAINT outbox_extension_id_extensions_id_fk FOREIGN KEY (extension_id) REFERENCES public.extensions(id);
