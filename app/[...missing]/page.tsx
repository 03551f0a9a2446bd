import type { Metadata } from "next";
import { notFound } from "next/navigation";

export const metadata: Metadata = { title: "Not found" };

// Next's built-in page for unknown addresses is static, so its scripts would lack the request's nonce.
export default function MissingPage() {
  notFound();
}
