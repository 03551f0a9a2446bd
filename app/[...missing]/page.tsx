import { notFound } from "next/navigation";

// Next's own page for unknown addresses is static, and gets no nonce for its scripts.
export default function MissingPage() {
  notFound();
}
