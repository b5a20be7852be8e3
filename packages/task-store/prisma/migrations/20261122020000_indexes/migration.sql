DROP INDEX "tasks_list";
DROP INDEX "tasks_list_by_state";
DROP INDEX "tasks_open";

CREATE INDEX "tasks_list" ON "tasks"("kind", "owner", "seq") WHERE (deleted_at IS NULL);
CREATE INDEX "tasks_list_by_state" ON "tasks"("kind", "owner", "state", "seq") WHERE (deleted_at IS NULL);
CREATE INDEX "tasks_pending" ON "tasks"("kind", "created_at") WHERE (state = 'pending');
CREATE INDEX "tasks_running" ON "tasks"("kind", "started_at") WHERE (state = 'running');
CREATE INDEX "tasks_failed" ON "tasks"("error_code") WHERE (error_code IS NOT NULL);
