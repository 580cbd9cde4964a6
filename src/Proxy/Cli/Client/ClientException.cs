namespace Sallyport.Proxy.Cli.Client;

/// <summary>A command of the client cannot go on. The message is for the person at the terminal, and says what to do.</summary>
internal sealed class ClientException(string message, Exception? inner = null) : Exception(message, inner);
