namespace Sallyport.Protocols.Wire;

/// <summary>
/// The peer that was sent to is gone. A type of its own because a loop reads from one peer and sends to the other: which of the two it lost is
/// what the session's end must say.
/// </summary>
public sealed class SendFailedException : IOException
{
    public SendFailedException(string message, Exception? inner = null)
        : base(message, inner)
    {
    }
}
