CREATE TABLE "webhook_secrets" (
    "id" TEXT NOT NULL,
    "key_id" TEXT NOT NULL,
    "secret_encrypted" BYTEA NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "webhook_secrets_pkey" PRIMARY KEY ("id")
);

CREATE INDEX "webhook_secrets_key_id_created_at_idx" ON "webhook_secrets"("key_id", "created_at");

ALTER TABLE "webhook_secrets" ADD CONSTRAINT "webhook_secrets_key_id_fkey" FOREIGN KEY ("key_id") REFERENCES "client_keys"("id") ON DELETE CASCADE ON UPDATE CASCADE;
