namespace Sallyport.Proxy.Cli.Client;

/// <summary>A command of the client cannot go on. The message is for the person at the terminal, and says what to do.</summary>
internal class ClientException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>Nobody is logged in, or the login is over: logging in helps.</summary>
internal sealed class NotLoggedInException(string message) : ClientException(message);
