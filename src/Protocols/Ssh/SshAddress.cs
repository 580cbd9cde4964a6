namespace Sallyport.Protocols.Ssh;

/// <summary>Where a client wants to go: <c>account+target</c>, or an account alone.</summary>
/// <param name="Account">On the target; empty: its own.</param>
/// <param name="Target">Empty: not said yet.</param>
internal readonly record struct SshAddress(string Account, string Target)
{
    /// <summary>Reads a user name. The last <c>+</c> divides it, for the names of targets have none.</summary>
    /// <param name="jumpedTo">The target that the connection around this one leads to; null: there is none.</param>
    public static SshAddress Parse(string user, string? jumpedTo)
    {
        int plus = user.LastIndexOf('+');
        if (jumpedTo is not null)
            return new SshAddress(plus < 0 ? user : user[..plus], plus < 0 ? jumpedTo : user[(plus + 1)..] == jumpedTo ? jumpedTo : "?");
        return plus < 0 ? new SshAddress(user, "") : new SshAddress(user[..plus], user[(plus + 1)..]);
    }
}
