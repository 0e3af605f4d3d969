/** Whether Clerk is set up. Without it the app builds and runs, and says what is missing. */
export const hasClerkKeys = Boolean(process.env.NEXT_PUBLIC_CLERK_PUBLISHABLE_KEY && process.env.CLERK_SECRET_KEY);
