/**
 * Who defines the content types that come with @chat.
 * LIP-240 registers one domain, the LIPs themselves, and they define no content type yet. Until @chat has a number of
 * that registry, it uses 25,448 ("ch" in ASCII), far above numbers that are given out one after the other.
 * @module
 */
export const CHAT_DOMAIN = 25_448;
