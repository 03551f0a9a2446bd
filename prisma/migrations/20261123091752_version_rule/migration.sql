-- CreateTable
CREATE TABLE "version_rule" (
    "fabricId" TEXT NOT NULL,
    "formerVersions" INTEGER NOT NULL,
    "updatedAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedByName" TEXT NOT NULL,

    CONSTRAINT "version_rule_pkey" PRIMARY KEY ("fabricId")
);

-- AddForeignKey
ALTER TABLE "version_rule" ADD CONSTRAINT "version_rule_fabricId_fkey" FOREIGN KEY ("fabricId") REFERENCES "fabric"("id") ON DELETE CASCADE ON UPDATE CASCADE;
