using Sallyport.Proxy.Logging;
using Sallyport.Proxy.Ssh;

namespace Sallyport.Proxy.Sessions;

/// <summary>
/// Ends, or refuses everything to, the sessions whose key or certificate the files no longer let in: it was revoked, or its authority was, or its line or its
/// authority is gone. Apart from <see cref="SessionWarden"/>, because a daemon without a store has files too.
/// </summary>
internal sealed class KeyWarden(LiveSessions sessions, KeyLogin keys, Log log)
{
    /// <summary>Called when the files were read anew. Who enters from then on is asked at the entry.</summary>
    public void Apply()
    {
        foreach (LiveSession session in sessions.All())
        {
            if (keys.Refuse(session.Facts.Identity) is { } refusal && session.Revoke($"revoked/{refusal}", session.Facts.Identity.Subject))
                log.Info("session-revoked", new("session", session.Id.ToString()), new("rule", $"revoked/{refusal}"), new("subject", session.Facts.Identity.Subject));
        }
    }
}
