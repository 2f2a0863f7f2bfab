// WeCom's own SDK as a bot: says on stdout, a line of JSON each, what happens to it.
// node judge.cjs <folder with node_modules> <ws url> <bot id> <secret> <heartbeat ms>
const { createRequire } = require('node:module');
const [folder, wsUrl, botId, secret, heartbeat] = process.argv.slice(2);
const { WSClient } = createRequire(`${folder}/`)('@wecom/aibot-node-sdk');

const tell = (what, more = {}) => process.stdout.write(`${JSON.stringify({ what, ...more })}\n`);
const quiet = { debug() {}, info() {}, warn() {}, error() {} };
const client = new WSClient({
  wsUrl, botId, secret, logger: quiet, heartbeatInterval: Number(heartbeat),
  reconnectInterval: 20, maxAuthFailureAttempts: 2,
});
const tried = async (what, work) => {
  try {
    const ack = await work();
    tell(what, { errcode: ack.errcode, body: ack.body });
    return ack;
  } catch (error) {
    tell(what, { errcode: error.errcode, error: error.message });
    return undefined;
  }
};
const card = { card_type: 'text_notice', task_id: 'task-1', main_title: { title: '好' } };

client.on('authenticated', () => tell('authenticated'));
client.on('disconnected', () => tell('disconnected'));
client.on('error', (error) => tell('error', { error: error.message, code: error.code }));
client.on('event.disconnected_event', () => tell('evicted'));
client.on('message.text', async (frame) => {
  const { text, chattype, chatid, from } = frame.body;
  tell('heard', { text: text.content, chattype, chatid, from: from.userid });
  await Promise.all([
    tried('stream', () => client.replyStream(frame, 's1', '九')),
    tried('stream', () => client.replyStream(frame, 's1', '九点', true)),
  ]);
  await tried('card', () => client.replyTemplateCard(frame, card));
  const data = Buffer.alloc(1_200_000, 'tea');
  const media = await client.uploadMedia(data, { type: 'file', filename: '菜单.pdf' });
  tell('uploaded', media);
  await tried('media', () => client.replyMedia(frame, 'file', media.media_id));
  const target = chatid || from.userid;
  const markdown = { msgtype: 'markdown', markdown: { content: '**公告**' } };
  await tried('push', () => client.sendMessage(target, markdown));
  await tried('push', () => client.sendMessage(target.toLowerCase(), markdown));
  tell('done');
});
const open = async ({ url, aeskey }) => {
  const { buffer, filename } = await client.downloadFile(url, aeskey);
  tell('opened', { data: buffer.toString('base64'), filename });
};
client.on('message.image', (frame) => open(frame.body.image));
client.on('message.file', (frame) => open(frame.body.file));
client.on('event.enter_chat', async (frame) => {
  await tried('stream on an event', () => client.replyStream(frame, 's2', '?', true));
  await tried('welcome', () => client.replyWelcome(frame, { msgtype: 'text', text: { content: '欢迎' } }));
  tell('done');
});
client.on('event.template_card_event', async (frame) => {
  await tried('update', () => client.updateTemplateCard(frame, card, ['z']));
  tell('done');
});
client.connect();
process.stdin.resume();
process.stdin.on('end', () => { client.disconnect(); process.exit(0); });
