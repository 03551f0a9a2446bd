-- NOT VALID: without a scan of the table, so that no writer waits. The next migration validates it.
ALTER TABLE "secret_field" ADD CONSTRAINT "secret_field_kid_fkey" FOREIGN KEY ("kid") REFERENCES "fabric_key"("kid") ON DELETE RESTRICT ON UPDATE CASCADE NOT VALID;
