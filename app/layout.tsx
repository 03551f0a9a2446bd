import type { Metadata, Viewport } from "next";
import { headers } from "next/headers";
import { connection } from "next/server";
import { ThemeProvider } from "@/components/shell/theme-provider";
import { PageTimeProvider } from "@/components/ui/relative-time";
import "./globals.css";

export const metadata: Metadata = {
  title: { default: "Selvage", template: "%s · Selvage" },
  description: "The secret manager for fabrics.",
  icons: { icon: "/favicon.svg" },
  robots: { index: false, follow: false },
};

export const viewport: Viewport = { colorScheme: "light dark", width: "device-width", initialScale: 1 };

export default async function RootLayout({ children }: { children: React.ReactNode }) {
  // Forces dynamic rendering: only a page rendered per request gets the request's nonce.
  await connection();
  const nonce = (await headers()).get("x-nonce") ?? "";
  return (
    <html lang="en" suppressHydrationWarning>
      <body>
        <PageTimeProvider now={Date.now()}>
          <ThemeProvider nonce={nonce}>{children}</ThemeProvider>
        </PageTimeProvider>
      </body>
    </html>
  );
}
