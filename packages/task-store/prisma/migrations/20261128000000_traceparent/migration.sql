-- AlterTable
ALTER TABLE "tasks" ADD COLUMN     "traceparent" TEXT;
