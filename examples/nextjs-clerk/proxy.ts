import { clerkMiddleware } from '@clerk/nextjs/server';
import { NextResponse } from 'next/server';
import { hasClerkKeys } from '@/lib/clerk';

export default hasClerkKeys ? clerkMiddleware() : () => NextResponse.next();

// Pages and own API routes. What goes on to chatkitd is left alone: chatkitd checks Clerk's token itself.
export const config = {
  matcher: ['/((?!_next|api/chatkit|v1/chatkit|chatkit|.*\\.(?:css|ico|js|json|png|svg)$).*)'],
};
