-- Reads the table with a lock that lets writers in.
ALTER TABLE "secret_field" VALIDATE CONSTRAINT "secret_field_kid_fkey";
