mod openai_standin;
mod pull;
