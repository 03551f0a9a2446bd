-- AlterTable
ALTER TABLE "trusted_issuer" ADD COLUMN     "cidrs" TEXT[] DEFAULT ARRAY[]::TEXT[],
ADD COLUMN     "connectionIds" TEXT[] DEFAULT ARRAY[]::TEXT[],
ADD COLUMN     "secretIds" TEXT[] DEFAULT ARRAY[]::TEXT[];
