import { defineConfig } from 'astro/config';
import { server } from './vite.config.js';

export default defineConfig({
  devToolbar: { enabled: false },
  vite: { server },
});
