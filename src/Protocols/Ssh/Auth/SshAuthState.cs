namespace Sallyport.Protocols.Ssh.Auth;

/// <summary>What a client may send before it has logged in. Not legal means the connection ends: nothing of the connection protocol is ever looked at.</summary>
internal enum SshAuthState : byte
{
    /// <summary>Nothing was asked for yet: only SERVICE_REQUEST (RFC 4253 10).</summary>
    Service,

    /// <summary>Only USERAUTH_REQUEST (RFC 4252 5).</summary>
    Request,

    /// <summary>INFO_REQUEST was sent: INFO_RESPONSE, or another request, which ends this one (RFC 4256 3.4, RFC 4252 5.1).</summary>
    Info,

    /// <summary>A person logs in elsewhere, and nothing was asked: only another request, which ends the wait.</summary>
    Prompted,

    /// <summary>Who it is is known, or it was refused: nothing until SUCCESS has been sent.</summary>
    Closed,
}

/// <summary>The transitions, pure, so that the whole table can be tested.</summary>
internal static class SshAuthStates
{
    /// <summary>What a message leads to; false: it is not legal.</summary>
    public static bool TryAdvance(SshAuthState state, byte message, out SshAuthState next)
    {
        next = state;
        switch (state, message)
        {
            case (SshAuthState.Service, SshMessageNumber.ServiceRequest):
            case (SshAuthState.Request, SshMessageNumber.UserauthRequest):
            case (SshAuthState.Info, SshMessageNumber.UserauthRequest):
            case (SshAuthState.Prompted, SshMessageNumber.UserauthRequest):
                next = SshAuthState.Request;
                return true;
            case (SshAuthState.Info, SshMessageNumber.UserauthInfoResponse):
                next = SshAuthState.Prompted;
                return true;
            default:
                return false;
        }
    }
}
