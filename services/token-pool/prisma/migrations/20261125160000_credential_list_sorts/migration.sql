-- CreateIndex
CREATE INDEX "credentials_label_id_idx" ON "credentials"("label" COLLATE "C", "id");

-- CreateIndex
CREATE INDEX "credentials_priority_id_idx" ON "credentials"("priority", "id");

-- Beyond what schema.prisma can say.
CREATE INDEX "credentials_last_used_at_id_idx" ON "credentials"((coalesce("last_used_at", to_timestamp(0))), "id");
