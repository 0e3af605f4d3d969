// Seed 002's Lambda handler, its session half word by word, behind node:http. PORT and OPENAI_BASE_URL say where.
import { createServer } from 'node:http';
import OpenAI from 'openai';

// Silenced: the SDK would log each request.
const openai = new OpenAI({ apiKey: process.env.OPENAI_API_KEY, logLevel: 'off' });
const workflowId = process.env.CHATKIT_WORKFLOW_ID;

const json = (statusCode, body) => ({
  statusCode,
  headers: { 'Content-Type': 'application/json' },
  body: JSON.stringify(body),
});

const readBody = (event) => {
  if (!event.body) return {};
  return event.isBase64Encoded
    ? JSON.parse(Buffer.from(event.body, 'base64').toString('utf8'))
    : JSON.parse(event.body);
};

const handler = async (event) => {
  const path = event.rawPath || event.path || '';
  const method = event.requestContext?.http?.method || event.httpMethod || 'GET';

  if (path.endsWith('/api/chatkit/session') && method === 'POST') {
    const { locale, user, pageUrl } = readBody(event);
    const session = await openai.beta.chatkit.sessions.create({
      user: user || 'anonymous',
      workflow: {
        id: workflowId,
        state_variables: {
          locale: locale || 'en',
          page_url: pageUrl || '',
        },
      },
    });
    return json(200, { client_secret: session.client_secret });
  }

  return json(404, { error: 'Not found' });
};

const readText = async (request) => {
  let text = '';
  request.setEncoding('utf8');
  for await (const chunk of request) text += chunk;
  return text;
};

const server = createServer(async (request, response) => {
  if (request.url === '/healthz') {
    response.end('ok');
    return;
  }
  try {
    const event = { rawPath: request.url, httpMethod: request.method, body: await readText(request) };
    const { statusCode, headers, body } = await handler(event);
    response.writeHead(statusCode, headers).end(body);
  } catch (error) {
    console.error(error);
    response.writeHead(500).end();
  }
});
server.listen(Number(process.env.PORT), '127.0.0.1');
