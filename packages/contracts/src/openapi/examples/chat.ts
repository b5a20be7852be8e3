const VIDEO_CONFIG = { video_length: 6, resolution_name: '480p', preset: 'normal' };

const reply = {
  id: 'chatcmpl-5e1f0c6b7d8a49f2b3c4d5e6f7a8b9c0',
  object: 'chat.completion',
  created: 1234567890,
  model: 'grok-2',
  choices: [
    {
      index: 0,
      message: { role: 'assistant', content: '你好！我是 Grok，由 xAI 开发的 AI 助手...' },
      finish_reason: 'stop',
    },
  ],
  usage: { prompt_tokens: 10, completion_tokens: 20, total_tokens: 30 },
};

const VIDEO = `<video controls width="100%"><source src="http://localhost:8000/v1/files/video_5e1f0c6b7d8a49f2b3c4d5e6f7a8b9c0.mp4" type="video/mp4"></video>`;

const chunk = { id: reply.id, object: 'chat.completion.chunk', created: reply.created, model: reply.model };
const event = (delta: object, finish_reason: string | null = null) =>
  `data: ${JSON.stringify({ ...chunk, choices: [{ index: 0, delta, finish_reason }] })}\n\n`;

/** The published documents' requests, and what they are replied to. */
export const CHAT_EXAMPLES = {
  requests: {
    text: {
      summary: '文本对话',
      value: { model: 'grok-2', messages: [{ role: 'user', content: '你好，请介绍一下你自己' }] },
    },
    stream: {
      summary: '流式响应',
      value: { model: 'grok-2', messages: [{ role: 'user', content: '写一首诗' }], stream: true },
    },
    video: {
      summary: '视频生成',
      value: {
        model: 'grok-imagine-1.0-video',
        messages: [{ role: 'user', content: '一只可爱的猫在花园里玩耍' }],
        video_config: { aspect_ratio: '16:9', ...VIDEO_CONFIG },
      },
    },
    textToVideo: {
      summary: '文生视频',
      value: {
        model: 'grok-imagine-1.0-video',
        messages: [{ role: 'user', content: '生成一段海边日落视频' }],
        video_config: { aspect_ratio: '3:2', ...VIDEO_CONFIG },
      },
    },
    imageToVideo: {
      summary: '图生视频',
      value: {
        model: 'grok-imagine-1.0-video',
        messages: [
          {
            role: 'user',
            content: [
              { type: 'text', text: '让这张图动起来，风吹动头发' },
              { type: 'image_url', image_url: { url: 'https://example.com/input.jpg' } },
            ],
          },
        ],
        video_config: { aspect_ratio: '3:2', ...VIDEO_CONFIG },
      },
    },
  },
  replies: {
    text: { summary: '文本对话', value: reply },
    video: {
      summary: '视频生成',
      value: {
        ...reply,
        model: 'grok-imagine-1.0-video',
        choices: [{ index: 0, message: { role: 'assistant', content: VIDEO }, finish_reason: 'stop' }],
        usage: { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 },
      },
    },
  },
  stream: [
    event({ role: 'assistant', content: '' }),
    event({ content: '你好' }),
    event({ content: '！' }),
    event({}, 'stop'),
    'data: [DONE]\n\n',
  ].join(''),
} as const;
