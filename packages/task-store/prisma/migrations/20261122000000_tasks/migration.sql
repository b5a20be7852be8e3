CREATE TABLE "tasks" (
    "seq" BIGSERIAL NOT NULL,
    "id" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "owner" TEXT NOT NULL,
    "state" TEXT NOT NULL DEFAULT 'pending',
    "version" INTEGER NOT NULL DEFAULT 1,
    "progress" INTEGER NOT NULL DEFAULT 0,
    "model" TEXT NOT NULL,
    "upstream_model" TEXT NOT NULL,
    "prompt" TEXT NOT NULL,
    "params" JSONB NOT NULL,
    "origin" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "started_at" TIMESTAMPTZ(3),
    "ended_at" TIMESTAMPTZ(3),
    "deleted_at" TIMESTAMPTZ(3),
    "claim_token" UUID,
    "claim_worker" TEXT,
    "claim_expires_at" TIMESTAMPTZ(3),
    "submit_intent_at" TIMESTAMPTZ(3),
    "credential_id" TEXT,
    "upstream_job_id" TEXT,
    "result" JSONB,
    "error_code" TEXT,
    "error_message" TEXT,
    "cost_usd_ticks" BIGINT,

    CONSTRAINT "tasks_pkey" PRIMARY KEY ("seq"),
    CONSTRAINT "tasks_kind" CHECK ("kind" IN ('video', 'image')),
    CONSTRAINT "tasks_state" CHECK ("state" IN ('pending', 'running', 'completed', 'failed', 'cancelled')),
    CONSTRAINT "tasks_progress" CHECK ("progress" BETWEEN 0 AND 100),
    CONSTRAINT "tasks_ended" CHECK (("state" IN ('completed', 'failed', 'cancelled')) = ("ended_at" IS NOT NULL)),
    CONSTRAINT "tasks_claim" CHECK (("claim_token" IS NULL) = ("claim_expires_at" IS NULL)),
    CONSTRAINT "tasks_job" CHECK ("upstream_job_id" IS NULL OR "credential_id" IS NOT NULL)
);

CREATE UNIQUE INDEX "tasks_id_key" ON "tasks"("id");
CREATE INDEX "tasks_list" ON "tasks"("kind", "owner", "seq" DESC) WHERE (deleted_at IS NULL);
CREATE INDEX "tasks_list_by_state" ON "tasks"("kind", "owner", "state", "seq" DESC) WHERE (deleted_at IS NULL);
CREATE INDEX "tasks_open" ON "tasks"("kind", "seq") WHERE (state IN ('pending', 'running'));
CREATE INDEX "tasks_deleted" ON "tasks"("deleted_at") WHERE (deleted_at IS NOT NULL);
CREATE INDEX "tasks_ended" ON "tasks"("ended_at") WHERE (ended_at IS NOT NULL);

CREATE TABLE "leases" (
    "name" TEXT NOT NULL,
    "holder" TEXT NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "leases_pkey" PRIMARY KEY ("name")
);
