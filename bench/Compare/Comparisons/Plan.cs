namespace Sallyport.Compare.Comparisons;

/// <summary>What the command line asked for.</summary>
/// <param name="Rounds">How often each load is run.</param>
/// <param name="Seconds">How long each run takes.</param>
/// <param name="Clients">Numbers of clients.</param>
/// <param name="Peers">Only these; null: all.</param>
internal sealed record Plan(int Rounds, int Seconds, IReadOnlyList<int> Clients, IReadOnlyList<string>? Peers)
{
    public bool Wants(string peer) => Peers is null || Peers.Contains(peer);
}
