-- CreateTable
CREATE TABLE "schema_info" (
    "id" INTEGER NOT NULL DEFAULT 1,
    "minimumProgramVersion" TEXT NOT NULL,
    "migratedBy" TEXT NOT NULL,

    CONSTRAINT "schema_info_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "schema_info_one_row" CHECK (id = 1)
);

-- Copies of 0.1.0 ignore the limits of tokens that newer ones make.
INSERT INTO "schema_info" VALUES (1, '0.2.0', '0.2.0');
