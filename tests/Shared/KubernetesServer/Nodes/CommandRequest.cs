namespace Sallyport.Shared.KubernetesServer.Nodes;

/// <summary>What an exec or attach asks for.</summary>
/// <param name="Attach">To what runs already, rather than to a new command.</param>
internal sealed record CommandRequest(bool Attach, string[] Command, bool Input, bool Output, bool Error, bool Tty)
{
    /// <summary>How many streams a SPDY client opens: one each, and one for the outcome; no stderr on a terminal, but one for its size.</summary>
    public int Streams => 1 + (Input ? 1 : 0) + (Output ? 1 : 0) + (Error && !Tty ? 1 : 0) + (Tty ? 1 : 0);
}
