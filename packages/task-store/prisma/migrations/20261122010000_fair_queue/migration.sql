ALTER TABLE "tasks" ADD COLUMN "claim_losses" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN "callback_url" TEXT;

CREATE INDEX "tasks_waiting" ON "tasks"("kind", "owner", "seq") WHERE (state = 'pending' AND submit_intent_at IS NULL);
CREATE INDEX "tasks_begun" ON "tasks"("kind", "claim_expires_at") WHERE (state IN ('pending', 'running') AND submit_intent_at IS NOT NULL);
CREATE INDEX "tasks_busy" ON "tasks"("kind", "owner") WHERE (state IN ('pending', 'running') AND (submit_intent_at IS NOT NULL OR claim_token IS NOT NULL));

CREATE TABLE "owner_queue" (
    "kind" TEXT NOT NULL,
    "owner" TEXT NOT NULL,
    "last_served_at" TIMESTAMPTZ(6) NOT NULL,

    CONSTRAINT "owner_queue_pkey" PRIMARY KEY ("kind", "owner")
);
