/** The door `tidemark/http`: rows as POST requests, and what a receiver needs to take each once. */
export { rowOfJson } from '../../lib/rowJson.js';
export type { AnswerMeaning } from './answers.js';
export {
  type Delivery,
  type DeliveryPosition,
  type DeliveryStep,
  judgeDelivery,
  readDelivery,
} from './delivery.js';
export { type Webhook, type WebhookConfig, webhook } from './webhook.js';
