-- AlterTable
ALTER TABLE "tasks" ADD COLUMN     "attempts" INTEGER NOT NULL DEFAULT 0;
