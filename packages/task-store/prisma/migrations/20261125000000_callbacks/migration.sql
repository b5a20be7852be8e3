CREATE TABLE "callbacks" (
    "seq" BIGSERIAL NOT NULL,
    "id" TEXT NOT NULL,
    "task_id" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "owner" TEXT NOT NULL,
    "url" TEXT NOT NULL,
    "host" TEXT NOT NULL,
    "payload" TEXT NOT NULL,
    "state" TEXT NOT NULL DEFAULT 'pending',
    "ended_at" TIMESTAMPTZ(3) NOT NULL,
    "next_attempt_at" TIMESTAMPTZ(3) NOT NULL,
    "settled_at" TIMESTAMPTZ(3),
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "attempt_log" JSONB NOT NULL DEFAULT '[]',
    "claim_token" UUID,
    "claim_expires_at" TIMESTAMPTZ(3),

    CONSTRAINT "callbacks_pkey" PRIMARY KEY ("seq"),
    CONSTRAINT "callbacks_state" CHECK ("state" IN ('pending', 'delivered', 'given_up', 'gone')),
    CONSTRAINT "callbacks_settled" CHECK (("state" = 'pending') = ("settled_at" IS NULL)),
    CONSTRAINT "callbacks_claim" CHECK (("claim_token" IS NULL) = ("claim_expires_at" IS NULL))
);

CREATE UNIQUE INDEX "callbacks_id_key" ON "callbacks"("id");
CREATE INDEX "callbacks_of_owner" ON "callbacks"("owner", "seq");
CREATE INDEX "callbacks_in_state" ON "callbacks"("state", "seq");
CREATE INDEX "callbacks_due" ON "callbacks"("host", "next_attempt_at") WHERE (state = 'pending');
CREATE INDEX "callbacks_settled" ON "callbacks"("settled_at") WHERE (settled_at IS NOT NULL);
