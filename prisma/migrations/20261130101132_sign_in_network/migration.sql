-- AlterTable
ALTER TABLE "sign_in_delay" ADD COLUMN     "signedInAt" TIMESTAMPTZ(3);
