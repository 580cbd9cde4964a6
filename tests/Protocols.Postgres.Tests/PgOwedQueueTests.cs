using CsCheck;
using Xunit;

namespace Sallyport.Protocols.Postgres.Tests;

public sealed class PgOwedQueueTests
{
    private static PgOwed Owed(PgReplyState kind) => new() { Kind = kind };

    /// <summary>One that can be told from others.</summary>
    private static PgOwed Numbered(int number) => new() { Kind = PgReplyState.Bind, Portal = new PgPortal { Group = number } };

    [Fact]
    public void Replies_leave_in_the_order_they_entered_also_when_the_ring_grows_around_its_end()
    {
        var queue = new PgOwedQueue(limit: 1000);
        int entered = 0, left = 0;
        foreach (int burst in new[] { 10, 7, 30, 1, 90, 200 })
        {
            for (int i = 0; i < burst; i++)
                Assert.Equal(entered + 1, queue.Enqueue(Numbered(entered++)));
            for (int i = 0; i < burst / 2; i++)
            {
                Assert.True(queue.TryPeek(out PgOwed owed));
                Assert.Equal(left++, owed.Portal!.Group);
                queue.Dequeue();
            }

            Assert.Equal(entered - left, queue.Count);
            Assert.Equal(left, queue.Left);
        }
    }

    [Fact]
    public void An_empty_queue_owes_nothing()
    {
        var queue = new PgOwedQueue(limit: 4);
        Assert.False(queue.TryPeek(out PgOwed owed));
        Assert.Equal(default, owed);
        Assert.True(queue.IsQuiet);
        Assert.True(queue.HasLeft(0));
        Assert.False(queue.HasLeft(1));
    }

    [Fact]
    public void It_is_full_at_its_limit_and_takes_a_few_more()
    {
        var queue = new PgOwedQueue(limit: 3);
        for (int i = 0; i < 3; i++)
        {
            Assert.False(queue.IsFull);
            queue.Enqueue(Numbered(i));
        }

        Assert.True(queue.IsFull);
        queue.Enqueue(Numbered(3));
        Assert.Equal(4, queue.Count);
    }

    [Fact]
    public void Waiting_ends_when_few_enough_are_owed_and_not_before()
    {
        var queue = new PgOwedQueue(limit: 3);
        for (int i = 0; i < 4; i++)
            queue.Enqueue(Numbered(i));
        Assert.True(queue.WaitBelowAsync(5).IsCompleted);
        Task wait = queue.WaitBelowAsync(3);
        queue.Dequeue();
        Assert.False(wait.IsCompleted);
        queue.Dequeue();
        Assert.True(wait.IsCompleted);
    }

    [Fact]
    public void Waiting_for_a_ticket_ends_when_that_reply_has_left()
    {
        var queue = new PgOwedQueue(limit: 8);
        long first = queue.Enqueue(Numbered(0));
        long second = queue.Enqueue(Numbered(1));
        queue.Enqueue(Numbered(2));
        Assert.True(queue.WaitAsync(0).IsCompleted);
        Task wait = queue.WaitAsync(second);
        queue.Dequeue();
        Assert.True(queue.HasLeft(first));
        Assert.False(wait.IsCompleted);
        queue.Dequeue();
        Assert.True(wait.IsCompleted);
    }

    [Fact]
    public void Closing_ends_every_wait_for_good()
    {
        var queue = new PgOwedQueue(limit: 1);
        queue.Enqueue(Numbered(0));
        Task wait = queue.WaitBelowAsync(1);
        queue.Close();
        Assert.True(wait.IsCompleted);
        Assert.True(queue.WaitBelowAsync(1).IsCompleted);
        queue.Close();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Whose_turn_it_is_in_a_COPY_follows_from_its_beginnings_and_its_ends(bool mayRepeat)
    {
        var queue = new PgOwedQueue(limit: 8);
        Assert.Equal(PgCopyTurn.No, queue.CopyTurn(0, mayRepeat));
        queue.Enqueue(Owed(PgReplyState.Sync));
        queue.Enqueue(new PgOwed { Kind = PgReplyState.Query, MayCopyIn = true });
        Assert.Equal(PgCopyTurn.Unknown, queue.CopyTurn(0, mayRepeat));
        // Not this one's: another reply is owed first.
        queue.BeginCopy();
        Assert.Equal(PgCopyTurn.Unknown, queue.CopyTurn(0, mayRepeat));
        queue.Dequeue();
        Task wait = queue.WaitCopyAsync(0);
        Assert.False(wait.IsCompleted);
        queue.BeginCopy();
        Assert.True(wait.IsCompleted);
        Assert.Equal(PgCopyTurn.Yes, queue.CopyTurn(0, mayRepeat));
        Assert.Equal(mayRepeat ? PgCopyTurn.Unknown : PgCopyTurn.No, queue.CopyTurn(1, mayRepeat));
        wait = queue.WaitCopyAsync(1);
        Assert.False(wait.IsCompleted);
        queue.FailCopy();
        Assert.True(wait.IsCompleted);
        Assert.Equal(PgCopyTurn.No, queue.CopyTurn(0, mayRepeat));
        Assert.Equal(PgCopyTurn.No, queue.CopyTurn(1, mayRepeat));
    }

    [Fact]
    public void A_COPY_whose_reply_has_left_is_over_and_the_next_begins_anew()
    {
        var queue = new PgOwedQueue(limit: 8);
        queue.Enqueue(new PgOwed { Kind = PgReplyState.Query, MayCopyIn = true });
        queue.BeginCopy();
        queue.Dequeue();
        Assert.Equal(PgCopyTurn.No, queue.CopyTurn(0, mayRepeat: true));
        queue.Enqueue(new PgOwed { Kind = PgReplyState.Query, MayCopyIn = true });
        Assert.Equal(PgCopyTurn.Unknown, queue.CopyTurn(0, mayRepeat: true));
        Task plain = queue.WaitAsync(2);
        queue.BeginCopy();
        Assert.False(plain.IsCompleted);
        queue.Dequeue();
        Assert.True(plain.IsCompleted);
    }

    [Fact]
    public void After_a_failure_all_up_to_the_next_Sync_is_owed_nothing()
    {
        var queue = new PgOwedQueue(limit: 8);
        var statement = new PgStatement();
        queue.Enqueue(new PgOwed { Kind = PgReplyState.Parse, Statement = statement });
        queue.Enqueue(Owed(PgReplyState.Execute));
        queue.Enqueue(Owed(PgReplyState.Sync));
        queue.Enqueue(Owed(PgReplyState.Query));
        queue.SkipToSync();
        Assert.Equal(PgObjectState.Failed, statement.State);
        Assert.True(queue.TryPeek(out PgOwed head));
        Assert.Equal(PgReplyState.Sync, head.Kind);
        Assert.Equal((2, 2L), (queue.Count, queue.Left));
        // The Sync that ends it is in the queue: what is entered now comes behind it.
        Assert.Equal(5, queue.Enqueue(Owed(PgReplyState.Bind)));
    }

    [Fact]
    public void After_a_failure_without_a_Sync_nothing_is_taken_until_one_comes()
    {
        var queue = new PgOwedQueue(limit: 8);
        queue.Enqueue(Owed(PgReplyState.Execute));
        Task wait = queue.WaitBelowAsync(1);
        queue.SkipToSync();
        Assert.True(wait.IsCompleted);
        var statement = new PgStatement();
        Assert.Equal(0, queue.Enqueue(new PgOwed { Kind = PgReplyState.Parse, Statement = statement }));
        Assert.Equal(PgObjectState.Failed, statement.State);
        Assert.Equal(0, queue.Enqueue(Owed(PgReplyState.Query)));
        Assert.Equal(0, queue.Count);
        Assert.Equal(2, queue.Enqueue(Owed(PgReplyState.Sync)));
        Assert.Equal(3, queue.Enqueue(Owed(PgReplyState.Query)));
    }

    [Theory]
    [InlineData(PgReplyState.Sync, true)]
    [InlineData(PgReplyState.Query, true)]
    [InlineData(PgReplyState.FunctionCall, true)]
    [InlineData(PgReplyState.Parse, false)]
    [InlineData(PgReplyState.Execute, false)]
    [InlineData(PgReplyState.Close, false)]
    public void It_is_quiet_when_the_last_request_was_answered_by_ReadyForQuery(PgReplyState last, bool quiet)
    {
        var queue = new PgOwedQueue(limit: 8);
        queue.Enqueue(Owed(PgReplyState.Sync));
        queue.Enqueue(Owed(last));
        Assert.False(queue.IsQuiet);
        queue.Dequeue();
        queue.Dequeue();
        Assert.Equal(quiet, queue.IsQuiet);
    }

    [Fact]
    public void One_thread_enters_another_takes_and_nothing_is_lost_or_out_of_order() =>
        Gen.Select(Gen.Int[1, 20], Gen.Int[200, 2000]).Sample((limit, total) =>
        {
            var queue = new PgOwedQueue(limit);
            Task<bool> consumer = Task.Run(() =>
            {
                for (int expected = 0; expected < total;)
                {
                    if (!queue.TryPeek(out PgOwed owed))
                    {
                        Thread.Yield();
                        continue;
                    }

                    if (owed.Portal!.Group != expected++)
                        return false;
                    queue.Dequeue();
                }

                return true;
            });
            Task<bool> producer = Task.Run(async () =>
            {
                for (int i = 0; i < total; i++)
                {
                    if (queue.IsFull)
                        await queue.WaitBelowAsync(Math.Max(1, limit / 2));
                    queue.Enqueue(Numbered(i));
                    if (queue.Count > limit)
                        return false;
                }

                return true;
            });
            return consumer.GetAwaiter().GetResult() && producer.GetAwaiter().GetResult() && queue.Count == 0;
        }, iter: 20, threads: 1);
}
