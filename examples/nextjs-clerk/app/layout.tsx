import { ClerkProvider } from '@clerk/nextjs';
import type { Metadata } from 'next';
import type { ReactNode } from 'react';
import { hasClerkKeys } from '@/lib/clerk';
import './page.css';

export const metadata: Metadata = { title: 'chatkitd with Next.js and Clerk', icons: { icon: 'data:,' } };

// Who is signed in is known at the time of the request; and so a build needs no keys.
export const dynamic = 'force-dynamic';

export default function RootLayout({ children }: { children: ReactNode }) {
  return (
    <html lang="en">
      <body>
        <main>
          <h1>Next.js and Clerk</h1>
          {hasClerkKeys ? <ClerkProvider>{children}</ClerkProvider> : children}
        </main>
      </body>
    </html>
  );
}
