import type { NextConfig } from 'next';

const chatkitd = process.env.CHATKITD_URL ?? 'http://127.0.0.1:8787';

const config: NextConfig = {
  turbopack: { root: import.meta.dirname },
  // The page and chatkitd are one origin to the browser. The last three are the element's script, also by its version, and
  // its further files; /chatkit-config.json is this app's own.
  async rewrites() {
    return [
      '/api/chatkit/:path*',
      '/v1/chatkit/:path*',
      '/chatkit.js',
      '/chatkit@:version.js',
      '/chatkit-assets@:version/:path*',
    ].map((source) => ({ source, destination: chatkitd + source }));
  },
};

export default config;
