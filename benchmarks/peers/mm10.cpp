// M/M/10 with std::priority_queue, on flowsim's own draws: the same Philox4x64-10 addresses, logarithms and rounding.
#include <cmath>
#include <cstdint>
#include <deque>
#include <functional>
#include <queue>
#include <vector>

struct Visit {
    int64_t joined, started, ended;
};

struct Block {
    uint64_t c[4];
};

static Block philox(uint64_t key0, uint64_t key1, uint64_t c0, uint64_t c1, uint64_t c2, uint64_t c3) {
    for (int round = 0; round < 10; ++round) {
        unsigned __int128 p0 = (unsigned __int128)0xD2E7470EE14C6C93u * c0;
        unsigned __int128 p1 = (unsigned __int128)0xCA5A826395121157u * c2;
        uint64_t high0 = p0 >> 64, high1 = p1 >> 64;
        c0 = high1 ^ c1 ^ key0;
        c1 = (uint64_t)p1;
        c2 = high0 ^ c3 ^ key1;
        c3 = (uint64_t)p0;
        key0 += 0x9E3779B97F4A7C15u;
        key1 += 0xBB67AE8584CAA73Bu;
    }
    return {{c0, c1, c2, c3}};
}

static double uniform(uint64_t word) { return ((double)(word >> 12) + 0.5) * 2.220446049250313e-16; }

static int64_t half_up(double x) { return (int64_t)std::floor(x + 0.5); }

// An event is (tick, citizen); a citizen's first one is her arrival, her second one the end of her service.
using Event = std::pair<int64_t, int64_t>;

struct Queue {
    std::priority_queue<Event, std::vector<Event>, std::greater<Event>> events;
    std::deque<int64_t> waiting;
    std::vector<Visit> visits;
};

extern "C" {

// Returns how many started their service; the sum of their waits in ticks goes to `waited`.
int64_t mm10(uint64_t seed, uint64_t door, uint64_t desk, double gap, double service, int64_t servers,
             int64_t horizon, int64_t expected, int64_t* waited) {
    const int64_t never = INT64_MIN;
    Queue q;
    q.visits.reserve(expected);
    double area = 0.0;
    int64_t free = servers, served = 0;
    auto next = [&] {
        int64_t citizen = q.visits.size();
        area -= std::log(uniform(philox(seed, 0, door, citizen, 0, 0).c[0]));
        double when = area / (1.0 / gap);
        if (when + 0.5 >= horizon) return;
        q.visits.push_back({half_up(when), never, never});
        q.events.push({half_up(when), citizen});
    };
    next();
    while (!q.events.empty()) {
        int64_t now = q.events.top().first;
        // All who move at this instant, then the desks, as flowsim orders it.
        while (!q.events.empty() && q.events.top().first == now) {
            int64_t citizen = q.events.top().second;
            q.events.pop();
            if (q.visits[citizen].started == never) {
                q.waiting.push_back(citizen);
                next();
            } else {
                q.visits[citizen].ended = now;
                ++free;
            }
        }
        while (free > 0 && !q.waiting.empty()) {
            int64_t citizen = q.waiting.front();
            q.waiting.pop_front();
            --free;
            ++served;
            q.visits[citizen].started = now;
            double length = -service * std::log(uniform(philox(seed, 0, door, citizen, desk, 0).c[0]));
            if (length + 0.5 < horizon - now) q.events.push({now + half_up(length), citizen});
        }
    }
    *waited = 0;
    for (const Visit& visit : q.visits)
        if (visit.started != never) *waited += visit.started - visit.joined;
    return served;
}
}
