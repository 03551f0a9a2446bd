-- AlterTable
ALTER TABLE "password_rotation" ADD COLUMN "failingSince" TIMESTAMPTZ(3);
