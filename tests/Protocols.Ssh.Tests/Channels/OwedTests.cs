using CsCheck;
using Sallyport.Protocols.Ssh.Channels;

namespace Sallyport.Protocols.Ssh.Tests.Channels;

/// <summary>Replies come in the order of the requests, whoever gives them.</summary>
public sealed class OwedTests
{
    [Fact]
    public void Any_interleaving_of_their_replies_ours_and_decisions_keeps_the_order() =>
        Gen.Select(Gen.Int[0, 3].Array[1, 30], Gen.Int[0, 1000].Array[200]).Sample(Run, iter: 5000);

    [Fact]
    public void No_more_than_the_limit_wait()
    {
        var owed = new SshOwed(2);
        Assert.NotNull(owed.Add(SshReply.Theirs));
        Assert.NotNull(owed.Add(SshReply.Success));
        Assert.Null(owed.Add(SshReply.Success));
        owed.Paid();
        Assert.NotNull(owed.Add(SshReply.Failure));
    }

    [Fact]
    public void What_is_abandoned_is_answered_here()
    {
        var owed = new SshOwed(8);
        owed.Add(SshReply.Theirs);
        owed.Add(SshReply.Failure);
        owed.Add(SshReply.Waiting);
        owed.Abandon();
        Assert.Null(owed.Theirs());
        Assert.Equal([SshReply.Success, SshReply.Failure, SshReply.Success], PayAll(owed));
    }

    /// <summary>Requests as they come; the numbers of the second array decide what happens next.</summary>
    private static void Run(int[] requests, int[] chances)
    {
        var owed = new SshOwed(100);
        var waiting = new Queue<(SshDebt Debt, int Id)>();
        var paid = new List<int>();
        int next = 0, chance = 0;
        while (paid.Count < requests.Length)
        {
            switch (chances[chance++ % chances.Length] % 4)
            {
                case 0 when next < requests.Length:
                    SshDebt debt = owed.Add((SshReply)requests[next], about: next)!;
                    if (debt.Reply == SshReply.Waiting)
                        waiting.Enqueue((debt, next));
                    next++;
                    break;
                case 1 when waiting.TryDequeue(out (SshDebt Debt, int Id) decided):
                    owed.Resolve(decided.Debt, decided.Id % 2 == 0 ? SshReply.Failure : SshReply.Theirs);
                    break;
                case 2 when owed.Theirs() is { } theirs:
                    Assert.Null(owed.Own());
                    paid.Add((int)theirs.About!);
                    owed.Paid();
                    break;
                default:
                    while (owed.Own() is { } own)
                    {
                        Assert.Null(owed.Theirs());
                        paid.Add((int)own.About!);
                        owed.Paid();
                    }

                    // Chances may run in a circle that never decides.
                    if (chance % 500 == 0 && next < requests.Length)
                        chance++;
                    if (chance > 5000 && waiting.TryDequeue(out (SshDebt Debt, int Id) late))
                        owed.Resolve(late.Debt, SshReply.Success);
                    else if (chance > 5000 && owed.Theirs() is { } forgotten)
                    {
                        paid.Add((int)forgotten.About!);
                        owed.Paid();
                    }
                    else if (chance > 5000 && next < requests.Length)
                    {
                        owed.Add(SshReply.Success, about: next++);
                    }

                    break;
            }
        }

        Assert.Equal(Enumerable.Range(0, requests.Length), paid);
    }

    private static List<SshReply> PayAll(SshOwed owed)
    {
        var all = new List<SshReply>();
        while (owed.Own() is { } debt)
        {
            all.Add(debt.Reply);
            owed.Paid();
        }

        return all;
    }
}
